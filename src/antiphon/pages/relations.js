for (const map of document.querySelectorAll("canvas")) {
  const data = JSON.parse(map.dataset.table), ids = data.ids, names = data.names, context = map.getContext("2d");
  const read = document.querySelector("#read"), style = getComputedStyle(document.body);
  const more = style.getPropertyValue("--accent").trim(), less = style.getPropertyValue("--soft").trim();
  map.width = map.height = ids.length;
  data.lift.forEach((row, y) => row.forEach((lift, x) => {
    if (lift === null) return;
    const bits = Math.log2(Math.max(lift, 1 / 16));
    context.globalAlpha = Math.min(Math.abs(bits) / 4, 1);
    context.fillStyle = bits > 0 ? more : less;
    context.fillRect(x, y, 1, 1);
  }));
  map.addEventListener("mousemove", event => {
    const box = map.getBoundingClientRect();
    const x = Math.floor(ids.length * (event.clientX - box.left) / box.width);
    const y = Math.floor(ids.length * (event.clientY - box.top) / box.height);
    if (!data.lift[y] || data.lift[y][x] === undefined) return;
    const lift = data.lift[y][x];
    read.textContent = "guide " + names[y] + " \u2192 partner " + names[x] + ": " +
      (lift === null ? "met too rarely to say" : lift.toFixed(1) + " x chance");
  });
}
