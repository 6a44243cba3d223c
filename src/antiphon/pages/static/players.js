// Tracks and buttons that sound: one at a time.
let sounding = null;
const alone = audio => {
  if (sounding && sounding !== audio) sounding.pause();
  sounding = audio;
};
for (const track of document.querySelectorAll("section.track")) {
  const audio = track.querySelector("audio"), wave = track.querySelector(".wave"), head = track.querySelector(".head");
  if (!audio || !wave) continue;
  const draw = () => {
    if (audio.duration) head.style.left = 100 * audio.currentTime / audio.duration + "%";
    if (!audio.paused) requestAnimationFrame(draw);
  };
  for (const event of ["play", "seeked", "timeupdate"]) audio.addEventListener(event, draw);
  audio.addEventListener("play", () => alone(audio));
  wave.addEventListener("click", event => {
    const box = wave.getBoundingClientRect();
    if (audio.duration) audio.currentTime = audio.duration * (event.clientX - box.left) / box.width;
    audio.play();
  });
}
for (const button of document.querySelectorAll("button[data-sound]")) button.addEventListener("click", () => {
  const audio = new Audio(button.dataset.sound);
  alone(audio);
  audio.play();
});
