/**
 * Publishes to Kafka what triggers make of changed model instances, through a Kafka REST proxy.
 *
 * The rules of delivery (order, batches, retries, verdicts) are those of the host of action-triggers, and
 * so is the configuration.
 */
export class Publisher {
  /**
   * Creates a publisher. It holds one configuration for good: create another one for another.
   *
   * In Cloudflare Workers call it within a request: random bytes are not to be had before.
   *
   * @throws {ConfigurationError} The configuration, its triggers or the secrets have faults: all of them.
   * @throws {TypeError} An option has the wrong type. The message says what to write.
   */
  static create(options: Options): Promise<Publisher>;

  private constructor();

  /** What is hardly meant in the configuration. Of a baked one `action-triggers bake` has told it. */
  readonly warnings: Problem[];

  /**
   * Decides which triggers fire for each event, takes on what they publish, and begins to send it.
   *
   * An event is the JSON text that it came as, at most `event_bytes` of the configuration's `limits` (1 MiB). An
   * object is refused: `JSON.parse` has rounded its large numbers and dropped the zeros of its decimals already.
   *
   * @returns One outcome for each event, in order.
   * @throws {MisuseError} There is no room for more records: `flush`, and call it again.
   * @throws {TrapError} The component broke down.
   * @throws {TypeError} `events` is not a list of texts. The message says what to write.
   */
  process(events: readonly string[]): Outcome[];

  /**
   * Waits until every record that was taken on has ended. `onReport` was told of each by then.
   *
   * @throws {TrapError} The component broke down, and the records that it held are lost.
   * @throws {TypeError} `onReport` gave a Promise; or any error that it threw.
   */
  flush(): Promise<void>;

  /** Ends every record that has not ended, each with a report. What was sent may still arrive. */
  giveUp(): void;

  /**
   * Replaces the secrets, for example after a renewal: all of them.
   *
   * @throws {ConfigurationError} One that the configuration names is missing.
   */
  renew(secrets: Record<string, string>): void;
}

export interface Options {
  /**
   * The text of a configuration file. `action-triggers schema` documents it; `tls` and `proxy` of a cluster are not read.
   *
   * It is left out where the package was made of a component that `action-triggers bake` configured.
   */
  config?: string;
  /** How `config` is written. By default `"json"`. */
  syntax?: "json" | "toml";
  /** The texts of the files that the configuration names, such as that of its triggers, by path as it is written there. */
  files?: Record<string, string>;
  /** Secrets, each under the name of its environment variable or the path of its file, as the configuration writes it. */
  secrets?: Record<string, string>;
  /**
   * Told of each record when it has ended: delivered or given up.
   *
   * It must not be async: nobody waits for it. What it throws rejects `flush`.
   */
  onReport: (report: Report) => void;
  /** What sends requests. By default the runtime's own. */
  fetch?: typeof fetch;
  /** Gives so many random bytes. By default those of `crypto`. */
  random?: (length: number) => Uint8Array;
}

/** Why something was not published: a stable code, and a text for a person. */
export interface Failure {
  /** `action-triggers codes` says what each means and what to do about it. */
  code: string;
  message: string;
}

/** What became of an event: one publication for each queue of each trigger that fired, or why it was not read. */
export type Outcome =
  | { event: string; publications: Publication[]; failure?: undefined }
  | { event: string; publications?: undefined; failure: Failure };

/** What became of a queue of a trigger that fired: where its record goes, or why there is none. */
export type Publication =
  | { trigger: string; queue: number; topic: string; failure?: undefined }
  | { trigger: string; queue: number; topic?: undefined; failure: Failure };

/** The name of a record, the same however often it is delivered, and how it ended. */
export type Report = {
  event: string;
  trigger: string;
  queue: number;
  topic: string;
  /** How often it was sent. */
  attempts: number;
} & (
  | {
      /** Where it lies, as far as the proxy tells. An offset is exact below 2^53. */
      partition?: number;
      offset?: number;
      failure?: undefined;
      mayBeWritten?: undefined;
    }
  | {
      failure: Failure;
      /** Whether some attempt may have written it all the same: sent again, it may be there twice. */
      mayBeWritten: boolean;
      partition?: undefined;
      offset?: undefined;
    }
);

/** What is wrong with a configuration, or is hardly meant. */
export interface Problem {
  isError: boolean;
  /** Stable, such as `unknown_cluster`. */
  code: string;
  /** Where, such as `$.clusters`. */
  path: string;
  message: string;
  help?: string;
}

/** The configuration, its triggers or the secrets have faults. */
export class ConfigurationError extends Error {
  readonly name: "ConfigurationError";
  readonly problems: Problem[];
}

/** The publisher cannot do this now. */
export class MisuseError extends Error {
  readonly name: "MisuseError";
  /** Stable, such as `outbox_full`. */
  readonly code: string;
}

/** The component broke down. The publisher is of no use any more, and the records that it held are lost. */
export class TrapError extends Error {
  readonly name: "TrapError";
}
