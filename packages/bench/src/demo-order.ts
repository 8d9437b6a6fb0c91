import { readFileSync } from 'node:fs';

type Json = Record<string, unknown>;

/** The order of the demo mail: a person and what five things they bought. One mail of it is about 21 kB of HTML. */
export const DEMO_ORDER = JSON.parse(
  readFileSync(new URL('../../render/fixtures/order-confirmation.json', import.meta.url), 'utf8'),
) as { profile: Json; context: Json & { order: Json } };
