const map = document.querySelector("canvas"), rows = JSON.parse(map.dataset.rows), ids = JSON.parse(map.dataset.ids);
const read = document.querySelector("#read"), context = map.getContext("2d");
map.width = map.height = ids.length;
const ink = getComputedStyle(document.body).getPropertyValue("--accent").trim();
rows.forEach((row, y) => row.forEach((value, x) => {
  context.globalAlpha = Math.sqrt(value);
  context.fillStyle = ink;
  context.fillRect(x, y, 1, 1);
}));
map.addEventListener("mousemove", event => {
  const box = map.getBoundingClientRect();
  const x = Math.floor(ids.length * (event.clientX - box.left) / box.width);
  const y = Math.floor(ids.length * (event.clientY - box.top) / box.height);
  if (rows[y] && rows[y][x] !== undefined) read.textContent = ids[y] + " \u2192 " + ids[x] + ": " + (100 * rows[y][x]).toFixed(1) + " %";
});
let playing = null;
for (const button of document.querySelectorAll(".class button")) button.addEventListener("click", () => {
  if (playing) playing.pause();
  playing = new Audio(button.dataset.sound);
  playing.play();
});
