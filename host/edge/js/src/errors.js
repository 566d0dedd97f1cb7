/** The configuration, its triggers or the secrets have faults. */
export class ConfigurationError extends Error {
  name = "ConfigurationError";

  constructor(problems) {
    const line = ({ code, path, message, help }) => `${path}: ${message}${help ? ` (${help})` : ""} [${code}]`;
    super(problems.map(line).join("\n"));
    this.problems = problems;
  }
}

/** The publisher cannot do this now. */
export class MisuseError extends Error {
  name = "MisuseError";

  constructor({ code, message }) {
    super(`${message} [${code}]`);
    this.code = code;
  }
}

/** The component broke down, and what it held is lost. */
export class TrapError extends Error {
  name = "TrapError";

  constructor(cause) {
    super(`the component broke down (${cause}); its records are lost: create another Publisher`, { cause });
  }
}
