// Calls that mean something else than they do are refused with a word on what to write.

const isThenable = (value) => typeof value?.then === "function";

function kind(value) {
  if (isThenable(value)) return "a Promise";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (typeof value === "object") return "an object";
  return value === undefined ? "missing" : `a ${typeof value}`;
}

const ADVICE = {
  "a Promise": "await it first",
  bytes: "decode them with `new TextDecoder().decode(bytes)`",
};

const wrong = (what, value, advice) => new TypeError(`${what} is ${kind(value)}: ${ADVICE[kind(value)] ?? advice}`);

function text(what, value, advice) {
  if (typeof value !== "string") throw wrong(what, value, advice);
}

export function textsOf(what, values) {
  if (isThenable(values) || typeof values !== "object" || values === null || Array.isArray(values)) {
    throw wrong(what, values, `give an object of texts, such as { NAME: "text" }`);
  }
  for (const [name, value] of Object.entries(values)) {
    text(`${what}[${JSON.stringify(name)}]`, value, "give a text");
  }
}

export function events(values) {
  if (!Array.isArray(values)) throw wrong("events", values, "give a list, as in `process([event])`");
  const advice = "give the JSON text that it came as. Only where you made the object yourself, JSON.stringify it: read from JSON, it has lost digits";
  values.forEach((value, index) => text(`events[${index}]`, value, advice));
}

export function callback(name, value) {
  if (typeof value !== "function") throw wrong(name, value, "give a function");
}

export function bytes(what, value) {
  if (!(value instanceof Uint8Array)) throw wrong(what, value, "give a Uint8Array");
}

/** What a callback gave may not be a Promise: nobody would wait for it. */
export function atOnce(name, value) {
  if (!isThenable(value)) return value;
  value.then(undefined, () => {});
  throw new TypeError(`${name} gave a Promise, and nobody waits for it: make it a function that is not async`);
}

const OPTIONS = ["config", "syntax", "files", "secrets", "onReport", "fetch", "random"];

/** A name that is not known is refused: what it was meant to say would be missing without a word. */
export function isObject(given) {
  if (typeof given !== "object" || given === null || isThenable(given)) {
    throw wrong("the argument of Publisher.create", given, "give an object, as in `Publisher.create({ config, onReport })`");
  }
  const unknown = Object.keys(given).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`unknown option ${JSON.stringify(unknown)}: there are ${OPTIONS.join(", ")}`);
  }
}

export function options({ config, syntax, files, secrets, onReport, fetch, random }) {
  if (config !== undefined) text("config", config, "give the text of a configuration file");
  if (syntax !== "json" && syntax !== "toml") {
    throw new TypeError(`invalid syntax ${JSON.stringify(syntax)}: give "json" or "toml"`);
  }
  textsOf("files", files);
  textsOf("secrets", secrets);
  callback("onReport", onReport);
  callback("fetch", fetch);
  callback("random", random);
}
