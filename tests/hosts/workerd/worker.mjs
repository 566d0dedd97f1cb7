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

export default {
  async fetch(request) {
    const { config, events } = await request.json();
    try {
      const { publisher: one, reports } = await publisher(config);
      const outcomes = one.process(events);
      await one.flush();
      return Response.json([{ kept: kept.size }, ...outcomes, ...reports.splice(0)]);
    } catch (error) {
      return Response.json({ refused: String(error) });
    }
  },
};
