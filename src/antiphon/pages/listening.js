for (const track of document.querySelectorAll("section.track")) {
  const audio = track.querySelector("audio"), wave = track.querySelector(".wave"), head = track.querySelector(".head");
  if (!audio || !wave) continue;
  const draw = () => {
    if (audio.duration) head.style.left = 100 * audio.currentTime / audio.duration + "%";
    if (!audio.paused) requestAnimationFrame(draw);
  };
  for (const event of ["play", "seeked", "timeupdate"]) audio.addEventListener(event, draw);
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
  });
  wave.addEventListener("click", event => {
    const box = wave.getBoundingClientRect();
    if (audio.duration) audio.currentTime = audio.duration * (event.clientX - box.left) / box.width;
    audio.play();
  });
}
