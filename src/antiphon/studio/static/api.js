// What the page asks of the studio. The token came with the address, and goes with every request.
export const token = new URLSearchParams(location.search).get("token") || "";
const headers = { "X-Antiphon-Token": token };

export class Refused extends Error {}

async function checked(answer) {
  if (answer.ok) return answer;
  let said = `the studio said ${answer.status}`;
  try { said = (await answer.json()).error || said; } catch { /* not JSON */ }
  throw new Refused(said);
}

const address = (path, values = {}) => {
  const query = new URLSearchParams(values).toString();
  return query ? `${path}?${query}` : path;
};

export const get = async (path, values) => (await checked(await fetch(address(path, values), { headers }))).json();
export const bytes = async (path, values) => (await checked(await fetch(address(path, values), { headers }))).arrayBuffer();
const told = async (path, body, method, keepalive) =>
  (await checked(await fetch(path, { method, keepalive, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) }))).json();
export const send = (path, body) => told(path, body, "POST", false);

// What is kept goes at once, even from a page that closes, and says when it was said: the last word stays the last.
let at = 0;
export function keep(path, body) {
  at = Math.max(Date.now(), at + 1);
  return told(path, { ...body, at }, "PUT", true);
}
export const upload = async file =>
  (await checked(await fetch(address("/api/sounds", { name: file.name }), { method: "PUT", headers, body: file }))).json();
export const downloadAddress = name => address("/api/download", { name, token });
export const excerpt = (file, start, end) => bytes("/api/excerpt", { file, start: start.toFixed(4), end: end.toFixed(4) });
