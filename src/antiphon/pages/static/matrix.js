// A table as a picture, one pixel a cell. What a cell looks like and how it reads depends on what the table holds.
const style = getComputedStyle(document.body);
const accent = style.getPropertyValue("--accent").trim(), soft = style.getPropertyValue("--soft").trim();
const kinds = {
  lift: {
    shade(lift) {
      const bits = Math.log2(Math.max(lift, 1 / 16));
      return [bits > 0 ? accent : soft, Math.min(Math.abs(bits) / 4, 1)];
    },
    say: (lift, down, across) => "guide " + down + " \u2192 partner " + across + ": " +
      (lift === null ? "met too rarely to say" : lift.toFixed(1) + " x chance"),
  },
  transition: {
    shade: share => [accent, Math.sqrt(share)],
    say: (share, down, across) => down + " \u2192 " + across + ": " + (100 * share).toFixed(1) + " %",
  },
};
for (const map of document.querySelectorAll("canvas")) {
  const rows = JSON.parse(map.dataset.rows), names = JSON.parse(map.dataset.names), kind = kinds[map.dataset.matrix];
  const read = document.querySelector("#read"), context = map.getContext("2d");
  map.width = map.height = names.length;
  rows.forEach((row, y) => row.forEach((value, x) => {
    if (value === null) return;
    [context.fillStyle, context.globalAlpha] = kind.shade(value);
    context.fillRect(x, y, 1, 1);
  }));
  map.addEventListener("mousemove", event => {
    const box = map.getBoundingClientRect();
    const x = Math.floor(names.length * (event.clientX - box.left) / box.width);
    const y = Math.floor(names.length * (event.clientY - box.top) / box.height);
    if (rows[y] && rows[y][x] !== undefined) read.textContent = kind.say(rows[y][x], names[y], names[x]);
  });
}
