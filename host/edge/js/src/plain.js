// What the component gives, without BigInt and without tags.

const number = (value) => (value === undefined ? undefined : Number(value));
export const defined = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
const either = ({ tag, val }, ok) => (tag === "ok" ? ok(val) : { failure: { ...val } });

export const random = (length) => crypto.getRandomValues(new Uint8Array(length));

export const problem = ({ isError, code, path, message, help }) => defined({ isError, code, path, message, help });

const publication = ({ trigger, queue, outcome }) => ({ trigger, queue, ...either(outcome, (topic) => ({ topic })) });

export const outcome = ({ event, publications }) => ({
  event,
  ...either(publications, (all) => ({ publications: all.map(publication) })),
});

export const report = ({ id, topic, attempts, outcome, mayBeWritten }) => ({
  ...id,
  topic,
  attempts,
  ...either(outcome, ({ partition, offset }) => defined({ partition, offset: number(offset) })),
  ...(outcome.tag === "ok" ? {} : { mayBeWritten }),
});
