// For browsers: the modules are fetched from where this file is.
import { provide } from "./publisher.js";

provide((name) => WebAssembly.compileStreaming(fetch(new URL(`../edge/${name}`, import.meta.url))));

export * from "./public.js";
