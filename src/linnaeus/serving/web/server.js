// Asking the server, and what it refuses as a sentence.

const KEY = "linnaeus-key";

/** What the server said instead of an answer: `message` is its sentence. */
export class Refusal extends Error {
  constructor(sentence, status = 0) {
    super(sentence);
    this.status = status;
  }
}

/** The key of this tab, "" where there is none. It is gone when the tab is closed. */
export function key() {
  return sessionStorage.getItem(KEY) ?? "";
}

/** Keep `given` as the key of this tab. */
export function keep(given) {
  sessionStorage.setItem(KEY, given);
}

/** Forget the key of this tab. */
export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Which models are served. */
export function served() {
  return ask("models");
}

/** What the server says of the file `picture`; `asked` are its query parameters. */
export function predict(picture, asked, signal) {
  return ask(withQuery("predict", asked), form(picture), {}, signal);
}

/** Where in `picture` the answer comes from. It takes hundreds of answers, so it may take a while. */
export function explain(picture, asked, signal) {
  return ask(withQuery("explain", asked), form(picture), { "X-Deadline-Ms": "45000" }, signal);
}

/** `path` with those of `asked` that have a value. */
export function withQuery(path, asked) {
  const given = Object.entries(asked).filter(([, value]) => value !== "" && value !== undefined);
  const query = new URLSearchParams(given).toString();
  return query ? `${path}?${query}` : path;
}

function form(picture) {
  const body = new FormData();
  body.append("images", picture, picture.name || "picture");
  return body;
}

async function ask(path, body, headers = {}, signal) {
  const all = key() ? { ...headers, Authorization: `Bearer ${key()}` } : headers;
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", body, headers: all, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server cannot be reached. See whether it still runs, then try again.");
  }
  const said = await response.json().catch(() => null);
  if (response.ok && said !== null) return said;
  const sentence = said?.detail ?? `The server answered with ${response.status} and no reason. Try again.`;
  throw new Refusal(sentence, response.status);
}
