export { ConfigurationError, MisuseError, TrapError } from "./errors.js";
export { Publisher } from "./publisher.js";
