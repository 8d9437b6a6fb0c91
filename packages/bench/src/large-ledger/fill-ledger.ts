import { uuidv7Floor } from '@outrigger/core';
import type { Pool } from '@outrigger/store';
import { DEMO_ORDER } from '../demo-order.ts';

export type FillOptions = {
  tenantId: number;
  campaignId: string;
  versionId: string;
  messages: number;
  say(line: string): void;
};

/** As many as one commit accepts together when the ingress is busy, and as many as a worker records together. */
const MESSAGES_A_BUNDLE = 100;
const BUNDLES_A_STATEMENT = 500;

/*
 * The rows that acceptance and recording leave of ended messages, a call each: keys, calls, contents, sent events. Written by the
 * database itself, because ten million through the API would take an hour. Ids are of this day, from midnight on.
 */
const FILL = `
WITH bundle AS MATERIALIZED (
  SELECT number, overlay(floor::text PLACING substr(md5(number::text), 1, 12) FROM 25 FOR 12)::uuid AS bundle_id
  FROM unnest($1::int[], $2::uuid[]) AS b(number, floor)
), new_bundle AS (
  INSERT INTO bundles (bundle_id, part, tenant_id, lane, accepted_at, message_count, origins, calls)
  SELECT bundle_id, 0, $3, 'email-ht', now(), ${MESSAGES_A_BUNDLE}, $4::jsonb,
         (SELECT string_agg(format('[%s,1,0,"fill-%s-%s"]', p, number, p), E'\\n' ORDER BY p) FROM generate_series(0, ${MESSAGES_A_BUNDLE - 1}) p)
  FROM bundle
), new_content AS (
  INSERT INTO bundle_contents (bundle_id, part, content)
  SELECT bundle_id, 0, (SELECT string_agg(replace($5, 'NUMBER', lpad((number * ${MESSAGES_A_BUNDLE} + p)::text, 9, '0')), E'\\n')
                        FROM generate_series(0, ${MESSAGES_A_BUNDLE - 1}) p)
  FROM bundle
), new_sent AS (
  INSERT INTO sent_events (bundle_id, tenant_id, places, provider, provider_message_ids)
  SELECT bundle_id, $3, ARRAY(SELECT p::smallint FROM generate_series(0, ${MESSAGES_A_BUNDLE - 1}) p), 'ses',
         (SELECT string_agg(format('fill-%s-%s', number, p), E'\\n') FROM generate_series(0, ${MESSAGES_A_BUNDLE - 1}) p)
  FROM bundle
)
INSERT INTO request_keys (request_key, day, fingerprint, execution_id)
SELECT md5('key' || number || ' ' || p)::uuid, (now() AT TIME ZONE 'UTC')::date, md5('print' || number || ' ' || p)::uuid,
       id_in_bundle(bundle_id, 2048 + p)
FROM bundle CROSS JOIN generate_series(0, ${MESSAGES_A_BUNDLE - 1}) p`;

/** Fills the ledger with messages that were sent earlier today. */
export async function fillLedger(pool: Pool, options: FillOptions): Promise<void> {
  const { say, messages } = options;
  const now = Date.now();
  const midnight = now - (now % (24 * 60 * 60_000));
  const bundles = Math.ceil(messages / MESSAGES_A_BUNDLE);
  const origins = JSON.stringify([
    {
      endpoint: 'highthroughput',
      campaign_id: options.campaignId,
      version_id: options.versionId,
      created_by: 'bench',
      expires_at: new Date(now).toISOString(),
    },
  ]);
  const recipient = {
    type: 'external',
    userId: 'fillNUMBER@bench.example',
    namespace: 'email',
    context: DEMO_ORDER.context,
  };
  const content = JSON.stringify({ recipients: [recipient] });
  let saidAt = performance.now();
  for (let done = 0; done < bundles; done += BUNDLES_A_STATEMENT) {
    const numbers = Array.from({ length: Math.min(BUNDLES_A_STATEMENT, bundles - done) }, (_, place) => done + place);
    const floors = numbers.map((number) => bundleFloor(midnight + Math.floor(((now - midnight) * number) / bundles)));
    await pool.query(FILL, [numbers, floors, options.tenantId, origins, content]);
    if (performance.now() - saidAt < 10_000) continue;
    saidAt = performance.now();
    say(`${(done + numbers.length) * MESSAGES_A_BUNDLE} of ${messages} messages are in the ledger`);
  }
}

/** A bundle's id without its random part: the variant bits of a version 7 uuid are there. */
function bundleFloor(atMs: number): string {
  return uuidv7Floor(atMs).replace('-0000-0000-', '-7000-8000-');
}
