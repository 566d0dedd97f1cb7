// For workerd and Cloudflare Workers, where modules are compiled when a worker is uploaded and not later.
import modules from "../edge/modules.js";
import { provide } from "./publisher.js";

provide((name) => modules[name]);

export * from "./public.js";
