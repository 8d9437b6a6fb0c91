import { placeOf } from '@outrigger/core';
import { plainArray } from './accept.ts';
import type { Pool } from './pool.ts';
import type { RecordItem } from './record.ts';

/** Stands between the texts of two batches; see accept.ts. */
const SEPARATOR = '\x1e';
/** Receipts for SMS and push name the id that SNS gave, a UUID: such an event is a row of its own, which an index finds. */
const INDEXED_ID_LENGTH = 36;

export type SentItem = RecordItem & { outcome: { state: 'sent'; providerMessageId: string } };

/** Whether the outcome may be written as a part of its batch's row, if its batch was accepted as one bundle. */
export function fitsOneRow(item: RecordItem): item is SentItem {
  return (
    item.pass === 1 && item.outcome.state === 'sent' && item.outcome.providerMessageId.length !== INDEXED_ID_LENGTH
  );
}

/*
 * The usual case costs one row a batch. The fence is that of RECORD: the batch's row is locked and its token must hold. What is
 * recorded must still be in the batch, all of it: the repetition of a flush whose reply was lost matches nothing here.
 */
const RECORD_SENT = `
WITH fence AS MATERIALIZED (
  SELECT b.batch_id, b.bundle_id, b.tenant_id, b.message_ids, g.ids::uuid[] AS ids, g.places::smallint[] AS places, g.provider,
         g.provider_message_ids
  FROM unnest($1::bigint[], $2::uuid[], $3::text[], string_to_array($4, E'${SEPARATOR}'), string_to_array($5, E'${SEPARATOR}'),
              string_to_array($6, E'${SEPARATOR}')) AS g(batch_id, token, provider, ids, places, provider_message_ids)
  JOIN batches b ON b.batch_id = g.batch_id AND b.token = g.token
  WHERE b.pass = 1 AND b.bundle_id IS NOT NULL ORDER BY b.batch_id FOR UPDATE OF b
), rest AS MATERIALIZED (
  SELECT f.*, CASE WHEN message_ids = ids THEN '{}' ELSE ARRAY(
    SELECT i FROM (SELECT unnest(f.message_ids) EXCEPT SELECT unnest(f.ids)) AS r(i) ORDER BY i) END AS left_ids
  FROM fence f
), done AS MATERIALIZED (
  SELECT * FROM rest WHERE cardinality(left_ids) = cardinality(message_ids) - cardinality(ids)
), event AS (
  INSERT INTO sent_events (bundle_id, tenant_id, places, provider, provider_message_ids)
  SELECT bundle_id, tenant_id, places, provider, provider_message_ids FROM done
), gone AS (
  DELETE FROM batches b USING done d WHERE b.batch_id = d.batch_id AND d.left_ids = '{}'
), shrunk AS (
  UPDATE batches b SET message_ids = d.left_ids FROM done d WHERE b.batch_id = d.batch_id AND d.left_ids <> '{}'
)
SELECT batch_id FROM done`;

/**
 * Writes outcomes that say `sent` on a first pass, a row a batch. Returns the message ids that were recorded; the others are for
 * the general way, which knows every case.
 */
export async function recordSent(pool: Pool, items: SentItem[]): Promise<Set<string>> {
  const recorded = new Set<string>();
  // A row has one provider: the others of such a batch go the general way.
  const groups = [...Map.groupBy(items, (item) => `${item.batchId} ${item.token}`).values()]
    .map((group) => group.filter((item) => item.provider === group[0]!.provider))
    .map((group) => group.toSorted((a, b) => placeOf(a.messageId) - placeOf(b.messageId)));
  if (groups.length === 0) return recorded;
  const { rows } = await pool.query<{ batch_id: string }>({
    name: 'record-sent',
    text: RECORD_SENT,
    values: [
      plainArray(groups.map(([first]) => first!.batchId)),
      plainArray(groups.map(([first]) => first!.token)),
      groups.map(([first]) => first!.provider),
      groups.map((group) => plainArray(group.map((item) => item.messageId))).join(SEPARATOR),
      groups.map((group) => plainArray(group.map((item) => placeOf(item.messageId)))).join(SEPARATOR),
      groups.map((group) => group.map((item) => storable(item.outcome.providerMessageId)).join('\n')).join(SEPARATOR),
    ],
  });
  const batchIds = new Set(rows.map((row) => row.batch_id));
  // Two claims of one batch may be in one group; the token of one of them held at most, so its batch is told by its items.
  const tokens = new Map<string, number>();
  for (const [first] of groups) tokens.set(first!.batchId, (tokens.get(first!.batchId) ?? 0) + 1);
  for (const group of groups) {
    const { batchId } = group[0]!;
    if (batchIds.has(batchId) && tokens.get(batchId) === 1) for (const item of group) recorded.add(item.messageId);
  }
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
