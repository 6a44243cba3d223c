// Buttons that sound: one at a time.
let sounding = null;
for (const button of document.querySelectorAll("button[data-sound]")) button.addEventListener("click", () => {
  sounding?.pause();
  sounding = new Audio(button.dataset.sound);
  sounding.play();
});
