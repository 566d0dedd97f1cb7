// Publishes in workerd and Cloudflare Workers: POST {"config": text, "events": [text, …]}.
import { Publisher } from "action-triggers-edge";

/** A publisher for each configuration, kept from request to request. */
const kept = new Map();

async function publisher(config) {
  if (!kept.has(config)) {
    const reports = [];
    const publisher = await Publisher.create({ config, onReport: (report) => reports.push(report) });
    kept.set(config, { publisher, reports });
  }
  return kept.get(config);
}

/** Takes out the reports of these outcomes: others are of requests that are answered meanwhile. */
function own(reports, outcomes) {
  const events = new Set(outcomes.map(({ event }) => event));
  const all = reports.splice(0);
  reports.push(...all.filter(({ event }) => !events.has(event)));
  return all.filter(({ event }) => events.has(event));
}

export default {
  async fetch(request) {
    const { config, events } = await request.json();
    try {
      const { publisher: one, reports } = await publisher(config);
      const outcomes = one.process(events);
      await one.flush();
      return Response.json([{ kept: kept.size }, ...outcomes, ...own(reports, outcomes)]);
    } catch (error) {
      return Response.json({ refused: String(error) });
    }
  },
};
