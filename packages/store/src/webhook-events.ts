import { isUuid, messageIdIn, type RecordedEvent } from '@outrigger/core';
import { inTransaction, type Pool } from './pool.ts';

/** How far the events of a sandbox were taken up: those of older transactions, and of this one those up to the event. */
export type EventCursor = { recordedIn: string; eventId: string };

/**
 * One event of the ledger that a webhook may be told. The id names it for good: `<messageId>:<sequence>` for a state,
 * `<messageId>:<fact>` or `<messageId>:<fact>:<class>` for a fact.
 */
export type LedgerEvent = {
  eventId: string;
  messageId: string;
  recorded: RecordedEvent;
  /** Of a state: the attempt that ended in it, from 1. */
  attempt: number | null;
  possibleDuplicate: boolean;
  /** When it happened. */
  at: Date;
};

export type PlacedEvent = LedgerEvent & { cursor: EventCursor };

const STATE_COLUMNS = `e.message_id, NULL::smallint[] AS places, e.sequence, e.state, e.code, e.attempt::int, e.possible_duplicate,
  p.state AS previous, NULL::text AS class, NULL::timestamptz AS delivered_at, e.created_at AS at`;
/* Only of an unknown outcome it matters what was before: a second one in a row is held for a person (settle.ts). */
const PREVIOUS = `LEFT JOIN LATERAL (SELECT q.state FROM message_events q
  WHERE e.state = 'unknown' AND q.message_id = e.message_id AND q.sequence = e.sequence - 1) p ON true`;
const FACT_COLUMNS = `f.message_id, NULL::smallint[], NULL::int, f.fact, f.code, NULL::int, false, NULL::text, f.class,
  d.at AS delivered_at, f.at`;
const DELIVERED = `LEFT JOIN LATERAL (SELECT q.at FROM message_feedback q
  WHERE f.fact = 'bounced' AND q.message_id = f.message_id AND q.fact = 'delivered') d ON true`;

/*
 * All three tables in one statement, so that one snapshot decides: what is older than its oldest running transaction is
 * there whole, and nothing older can come any more. A transaction's rows are never cut (WITH TIES).
 */
const IN_ORDER = `
WITH horizon AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS first_open),
sent AS MATERIALIZED (
  SELECT * FROM sent_events WHERE tenant_id = $1 AND recorded_in >= $2::xid8 AND recorded_in < (SELECT first_open FROM horizon)
  ORDER BY recorded_in FETCH FIRST $3 ROWS WITH TIES
), states AS MATERIALIZED (
  SELECT * FROM message_events WHERE tenant_id = $1 AND recorded_in >= $2::xid8 AND recorded_in < (SELECT first_open FROM horizon)
  ORDER BY recorded_in FETCH FIRST $4 ROWS WITH TIES
), facts AS MATERIALIZED (
  SELECT * FROM message_feedback WHERE tenant_id = $1 AND recorded_in >= $2::xid8 AND recorded_in < (SELECT first_open FROM horizon)
  ORDER BY recorded_in FETCH FIRST $4 ROWS WITH TIES
)
SELECT 'sent' AS source, s.recorded_in::text, s.bundle_id AS message_id, s.places, 1 AS sequence, 'sent' AS state, NULL::text AS code,
       1 AS attempt, false AS possible_duplicate, NULL::text AS previous, NULL::text AS class, NULL::timestamptz AS delivered_at,
       s.created_at AS at FROM sent s
UNION ALL SELECT 'states', e.recorded_in::text, ${STATE_COLUMNS} FROM states e ${PREVIOUS}
UNION ALL SELECT 'facts', f.recorded_in::text, ${FACT_COLUMNS} FROM facts f ${DELIVERED}
UNION ALL SELECT 'horizon', first_open::text, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM horizon`;

type EventRow = {
  source: 'sent' | 'states' | 'facts' | 'horizon';
  recorded_in: string;
  message_id: string;
  places: number[] | null;
  sequence: number | null;
  state: string;
  code: string | null;
  attempt: number | null;
  possible_duplicate: boolean;
  previous: string | null;
  class: string | null;
  delivered_at: Date | null;
  at: Date;
};

/** Rows read at a time: of batches that were sent, a hundred messages each, and of single events. */
const BATCHES = 20;
const SINGLE_EVENTS = 500;

/**
 * The next events of a sandbox after the cursor, oldest transaction first, and the cursor when all of them were taken up. The ledger
 * may have come to a new server (a restored dump): there transactions count from anew, and the cursor with them.
 */
export async function readEventsAfter(
  pool: Pool,
  tenantId: number,
  cursor: EventCursor,
): Promise<{ events: PlacedEvent[]; through: EventCursor; more: boolean }> {
  const { rows } = await inTransaction(pool, async (client) => {
    // Behind an endpoint that was away for a day lie millions of events: they are read off the index in its order. The planner, which
    // thinks that there are few, would rather read all of them, and sort them for every page.
    await client.query('SET LOCAL enable_sort = off');
    return client.query<EventRow>({
      name: 'webhook-events',
      text: IN_ORDER,
      values: [tenantId, cursor.recordedIn, BATCHES, SINGLE_EVENTS],
    });
  });
  const horizon = BigInt(rows.find((row) => row.source === 'horizon')!.recorded_in);
  if (BigInt(cursor.recordedIn) > horizon) {
    return { events: [], through: { recordedIn: String(horizon), eventId: '' }, more: false };
  }
  // A table that has more than was read hides the events of later transactions: those of the others wait.
  const cuts = (
    [
      ['sent', BATCHES],
      ['states', SINGLE_EVENTS],
      ['facts', SINGLE_EVENTS],
    ] as const
  ).flatMap(([source, limit]) => {
    const own = rows.filter((row) => row.source === source).map((row) => BigInt(row.recorded_in));
    return own.length < limit ? [] : [own.sort(byAge).at(-1)!];
  });
  const last = cuts.sort(byAge).at(0);
  const events = rows
    .filter((row) => row.source !== 'horizon' && (last === undefined || BigInt(row.recorded_in) <= last))
    .flatMap(eventsOf)
    .filter((event) => isAfter(event.cursor, cursor))
    .sort((a, b) => (isAfter(a.cursor, b.cursor) ? 1 : -1));
  const next = last === undefined ? horizon : last + 1n;
  return { events, through: { recordedIn: String(next), eventId: '' }, more: last !== undefined };
}

function byAge(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function isAfter(one: EventCursor, other: EventCursor): boolean {
  const [a, b] = [BigInt(one.recordedIn), BigInt(other.recordedIn)];
  return a === b ? one.eventId > other.eventId : a > b;
}

function eventsOf(row: EventRow): PlacedEvent[] {
  if (row.places === null) return [eventOf(row, row.message_id)];
  return row.places.map((place) => eventOf(row, messageIdIn(row.message_id, place)));
}

function eventOf(row: Omit<EventRow, 'source' | 'places'>, messageId: string): PlacedEvent {
  const { state, code, previous, at, sequence } = row;
  const isFact = sequence === null;
  const eventId = isFact ? `${messageId}:${state}${row.class ? `:${row.class}` : ''}` : `${messageId}:${sequence}`;
  const recorded = isFact
    ? { kind: 'fact', fact: state, class: row.class ?? '', code, at, deliveredAt: row.delivered_at }
    : { kind: 'state', state, code, previous };
  return {
    ...{ eventId, messageId, at, attempt: row.attempt, possibleDuplicate: row.possible_duplicate },
    recorded: recorded as RecordedEvent,
    cursor: { recordedIn: row.recorded_in, eventId },
  };
}

/** Events of a sandbox by their ids, as the ledger has them now; ids that name nothing of it are left out. */
export async function readEventsById(pool: Pool, tenantId: number, eventIds: string[]): Promise<LedgerEvent[]> {
  const messageIds = [...new Set(eventIds.map((eventId) => eventId.slice(0, eventId.indexOf(':'))))].filter(isUuid);
  if (messageIds.length === 0) return [];
  const { rows } = await pool.query<Omit<EventRow, 'source'>>(
    `SELECT '0' AS recorded_in, ${STATE_COLUMNS} FROM history_of($2::uuid[]) e ${PREVIOUS} WHERE e.tenant_id = $1
     UNION ALL SELECT '0', ${FACT_COLUMNS} FROM message_feedback f ${DELIVERED} WHERE f.tenant_id = $1 AND f.message_id = ANY ($2::uuid[])`,
    [tenantId, messageIds],
  );
  const found = new Map(rows.map((row) => eventOf(row, row.message_id)).map((event) => [event.eventId, event]));
  return eventIds.flatMap((eventId) => found.get(eventId) ?? []);
}
