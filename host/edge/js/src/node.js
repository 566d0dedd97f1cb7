// For Node, Deno and Bun: the modules lie beside this file.
import { readFile } from "node:fs/promises";
import { provide } from "./publisher.js";

provide(async (name) => WebAssembly.compile(await readFile(new URL(`../edge/${name}`, import.meta.url))));

export * from "./public.js";
