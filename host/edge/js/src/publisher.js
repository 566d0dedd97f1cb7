import { instantiate } from "../edge/edge.js";
import * as check from "./check.js";
import { ConfigurationError, MisuseError, TrapError } from "./errors.js";
import { LONGEST_MS, send } from "./http.js";
import * as plain from "./plain.js";

let load;
const modules = new Map();

/** Says how this runtime gets a module of the component; each is compiled once. */
export function provide(compile) {
  load = (name) => {
    if (!modules.has(name)) {
      const compiled = Promise.resolve(compile(name));
      modules.set(name, compiled);
      // What could not be fetched is fetched again for the next publisher.
      compiled.catch(() => modules.delete(name));
    }
    return modules.get(name);
  };
}

const monotonicMs = () => Math.floor(performance.now());
const now = () => ({ monotonicMs: BigInt(monotonicMs()), unixMs: BigInt(Date.now()) });
const pairs = (texts, name, value) => Object.entries(texts).map(([key, text]) => ({ [name]: key, [value]: text }));

export class Publisher {
  #component;
  #options;
  /** Records that were taken on and have not ended. */
  #open = 0;
  #waiting = [];
  #timer;
  /** After a trap nothing works any more. */
  #trap;
  /** What `onReport` threw while nobody waited. */
  #thrown;

  static async create(given) {
    check.isObject(given);
    const defaults = { syntax: "json", files: {}, secrets: {}, fetch: globalThis.fetch, random: plain.random };
    const options = { ...defaults, ...plain.defined(given) };
    check.options(options);
    const { publisher } = await instantiate(load, {});
    return new Publisher(publisher, options);
  }

  constructor(component, options) {
    if (!options) throw new TypeError("write `await Publisher.create({ config, onReport })` instead of `new Publisher`");
    this.#component = component;
    this.#options = options;
    this.warnings = this.#configure(options).map(plain.problem);
    this.renew(options.secrets);
  }

  /** A baked component holds its configuration, and refuses another one. */
  #configure({ config: text, syntax, files }) {
    if (text === undefined) return [];
    return this.#call("configure", { text, syntax, files: pairs(files, "path", "text") });
  }

  renew(secrets) {
    check.textsOf("secrets", secrets);
    const entropy = check.atOnce("random", this.#options.random(16));
    check.bytes("what random gave", entropy);
    this.#call("start", pairs(secrets, "name", "value"), entropy);
  }

  process(events) {
    check.events(events);
    const { outcomes, step } = this.#call("process", events, now());
    const processed = outcomes.map(plain.outcome);
    for (const { publications = [] } of processed) {
      this.#open += publications.filter(({ failure }) => failure === undefined).length;
    }
    this.#take(step);
    return processed;
  }

  async flush() {
    if (this.#trap) throw this.#trap;
    if (this.#thrown) {
      const { error } = this.#thrown;
      this.#thrown = undefined;
      throw error;
    }
    if (this.#open > 0) await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  giveUp() {
    this.#take(this.#call("giveUp"));
  }

  #call(name, ...values) {
    if (this.#trap) throw this.#trap;
    try {
      return this.#component[name](...values);
    } catch (error) {
      // What a function gives as its error jco throws with this member.
      if (Array.isArray(error?.payload)) throw new ConfigurationError(error.payload.map(plain.problem));
      if (error?.payload) throw new MisuseError(error.payload);
      clearTimeout(this.#timer);
      this.#trap = new TrapError(error);
      this.#end(({ reject }) => reject(this.#trap));
      throw this.#trap;
    }
  }

  #end(settle) {
    this.#waiting.splice(0).forEach(settle);
  }

  /** Takes a step of which nobody waits for the result. Only a trap can stop it, and `flush` tells of that. */
  #goOn(name, ...values) {
    if (this.#trap) return;
    try {
      this.#take(this.#call(name, ...values, now()));
    } catch (error) {
      if (!(error instanceof TrapError)) throw error;
    }
  }

  #report(report) {
    try {
      check.atOnce("onReport", this.#options.onReport(plain.report(report)));
    } catch (error) {
      if (this.#waiting.length === 0) this.#thrown ??= { error };
      this.#end(({ reject }) => reject(error));
    }
  }

  #take({ requests, reports, wakeAtMs }) {
    for (const request of requests) {
      send(this.#options.fetch, request).then((response) => this.#goOn("answer", request.id, response));
    }
    clearTimeout(this.#timer);
    if (wakeAtMs !== undefined) {
      const wait = Math.min(Math.max(0, Number(wakeAtMs) - monotonicMs()), LONGEST_MS);
      this.#timer = setTimeout(() => this.#goOn("wake"), wait);
    }
    this.#open -= reports.length;
    reports.forEach((report) => this.#report(report));
    if (this.#open === 0) this.#end(({ resolve }) => resolve());
  }
}
