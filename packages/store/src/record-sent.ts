import { bundleOf, placeOf } from '@outrigger/core';
import { plainArray } from './accept.ts';
import type { Pool } from './pool.ts';
import type { RecordItem } from './record.ts';

/** Stands between the texts of two batches; see accept.ts. */
const SEPARATOR = '\x1e';
/** Receipts for SMS and push name the id that SNS gave, a UUID: such an event is a row of its own, which an index finds. */
const INDEXED_ID_LENGTH = 36;

export type SentItem = RecordItem & { outcome: { state: 'sent'; providerMessageId: string } };

/** Whether the outcome may be written as a part of its batch's row, if nothing else happened to it before. */
export function fitsOneRow(item: RecordItem): item is SentItem {
  return (
    item.pass === 1 && item.outcome.state === 'sent' && item.outcome.providerMessageId.length !== INDEXED_ID_LENGTH
  );
}

/*
 * The usual case costs one row a batch: most are of one bundle and go through one account. The fence is that of RECORD: the
 * batch's row is locked and its token must hold. What is recorded must still be in the batch, all of it: the repetition of a
 * flush whose reply was lost matches nothing here.
 */
const RECORD_SENT = `
WITH fence AS MATERIALIZED (
  SELECT b.batch_id, b.token, b.tenant_id, b.message_ids, g.ids::uuid[] AS ids
  FROM unnest($1::bigint[], $2::uuid[], string_to_array($3, E'${SEPARATOR}')) AS g(batch_id, token, ids)
  JOIN batches b ON b.batch_id = g.batch_id AND b.token = g.token
  WHERE b.pass = 1 ORDER BY b.batch_id FOR UPDATE OF b
), rest AS MATERIALIZED (
  SELECT f.*, CASE WHEN message_ids = ids THEN '{}' ELSE ARRAY(
    SELECT i FROM (SELECT unnest(f.message_ids) EXCEPT SELECT unnest(f.ids)) AS r(i) ORDER BY i) END AS left_ids
  FROM fence f
), done AS MATERIALIZED (
  SELECT * FROM rest WHERE cardinality(left_ids) = cardinality(message_ids) - cardinality(ids)
), event AS (
  INSERT INTO sent_events (bundle_id, tenant_id, places, provider, provider_message_ids)
  SELECT e.bundle_id, d.tenant_id, e.places::smallint[], e.provider, e.provider_message_ids
  FROM unnest($4::uuid[], $5::uuid[], $6::text[], string_to_array($7, E'${SEPARATOR}'), string_to_array($8, E'${SEPARATOR}'))
    AS e(token, bundle_id, provider, places, provider_message_ids) JOIN done d ON d.token = e.token
), gone AS (
  DELETE FROM batches b USING done d WHERE b.batch_id = d.batch_id AND d.left_ids = '{}'
), shrunk AS (
  UPDATE batches b SET message_ids = d.left_ids FROM done d WHERE b.batch_id = d.batch_id AND d.left_ids <> '{}'
)
SELECT token FROM done`;

/**
 * Writes outcomes that say `sent` on a first pass, a row a bundle and provider of a batch. Returns the message ids that were
 * recorded; the others are for the general way, which knows every case.
 */
export async function recordSent(pool: Pool, items: SentItem[]): Promise<Set<string>> {
  const recorded = new Set<string>();
  if (items.length === 0) return recorded;
  // In the order of the batch, so that a whole batch is told by comparing two arrays.
  const batches = [...Map.groupBy(items, (item) => item.token).values()].map((batch) =>
    batch.toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1)),
  );
  const events = batches.flatMap((batch) => [
    ...Map.groupBy(batch, (item) => `${bundleOf(item.messageId)} ${item.provider}`).values(),
  ]);
  const { rows } = await pool.query<{ token: string }>({
    name: 'record-sent',
    text: RECORD_SENT,
    values: [
      plainArray(batches.map(([first]) => first!.batchId)),
      plainArray(batches.map(([first]) => first!.token)),
      batches.map((batch) => plainArray(batch.map((item) => item.messageId))).join(SEPARATOR),
      plainArray(events.map(([first]) => first!.token)),
      plainArray(events.map(([first]) => bundleOf(first!.messageId))),
      events.map(([first]) => first!.provider),
      events.map((event) => plainArray(event.map((item) => placeOf(item.messageId)))).join(SEPARATOR),
      events.map((event) => event.map((item) => storable(item.outcome.providerMessageId)).join('\n')).join(SEPARATOR),
    ],
  });
  const held = new Set(rows.map((row) => row.token));
  for (const item of items) if (held.has(item.token)) recorded.add(item.messageId);
  return recorded;
}

/** Text of a provider, as Postgres can hold it: a NUL or half a surrogate pair in an answer must not make it unrecordable. */
export function storable(text: string): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .slice(0, 500)
    .toWellFormed();
}
