import type { Pool } from './pool.ts';

/** What a process asks for: slots of one key, at most `chunkMs` worth of the rate, none if the next is over `aheadMs` away. */
export type SlotRequest = {
  key: string;
  /** The configured rate; Infinity for a key that is only limited while its provider throttles. */
  ratePerSecond: number;
  wanted: number;
  chunkMs: number;
  aheadMs: number;
};

/** Slots `startsInMs`, `startsInMs + 1000 / ratePerSecond`, ... from now are the asker's; `granted` may be 0 (too far away). */
export type SlotGrant = {
  granted: number;
  startsInMs: number;
  /** The rate in force: the configured one, or less after a throttle. */
  ratePerSecond: number;
  /** Whether the provider throttled this key within the last minute. */
  slowed: boolean;
};

export type SlowDown = {
  key: string;
  ratePerSecond: number;
  /** What the reporting process itself sent in the last second. */
  observedPerSecond: number;
  floorPerSecond: number;
  /** Nobody gets a slot for this long. */
  pauseMs: number;
};

/** Where slots are reserved: the ledger, or the process itself while the ledger is away. */
export type RateStore = {
  reserve(request: SlotRequest): Promise<SlotGrant>;
  slowDown(request: SlowDown): Promise<void>;
};

/**
 * After a throttle the rate follows CUBIC (RFC 9438): half of the rate at which it came, back to that rate after
 * RECOVERY_SECONDS, flat around it, then ever faster beyond. A closed function of time, so nobody has to write while it
 * climbs; its mean is over 85 % of what the provider allows, where halving and a straight climb reach 75 %.
 */
export const RECOVERY_SECONDS = 10;
/** Throttles within this time of the last one belong to it: they were under way already. */
export const SLOW_DOWN_ONCE_MS = 1_000;
export const SLOWED_FOR_MS = 60_000;

const RECOVERED_SHARE = `(1 + 0.5 * power((extract(epoch FROM statement_timestamp() - r.slowed_at)::float8 - ${RECOVERY_SECONDS}) / ${RECOVERY_SECONDS}, 3))`;
const RATE_NOW = `least($2::float8, CASE WHEN r.slowed_at IS NULL THEN 'Infinity'
  ELSE greatest(r.floor, r.ceiling * ${RECOVERED_SHARE}) END)`;
// exp() and multiplication raise an error on underflow, hence the cut.
const USED_NOW = `CASE WHEN r.used < 0.001 OR statement_timestamp() - r.used_at > interval '20 seconds' THEN 0
  ELSE r.used * exp(-greatest(0, extract(epoch FROM statement_timestamp() - r.used_at)::float8)) END`;

/* A rate that went up (a brake released, a limit raised) also brings nearer what was put off at the old rate. */
const NEXT_AT = `CASE WHEN rate > 2 * r.rate AND r.slowed_at IS NULL AND r.next_at > statement_timestamp()
  THEN statement_timestamp() + (r.next_at - statement_timestamp()) * (r.rate / rate) ELSE r.next_at END`;

/* statement_timestamp() is one instant for the whole statement; the answer is told from clock_timestamp(), after any wait. */
const RESERVE = `
INSERT INTO rate_slots AS r (key, next_at, rate, granted, used, used_at)
SELECT $1, statement_timestamp() + make_interval(secs => n / $2::float8), $2, n, n, statement_timestamp()
FROM (SELECT least($3::float8, greatest(1, ceil($2::float8 * $4::float8 / 1000)))::int AS n) AS first
ON CONFLICT (key) DO UPDATE SET (next_at, rate, granted, used, used_at) = (
  SELECT CASE WHEN n > 0 THEN greatest(free_at, statement_timestamp()) + make_interval(secs => n / rate)
         ELSE free_at END, rate, n, n + ${USED_NOW}, statement_timestamp()
  FROM (SELECT rate, free_at, CASE WHEN free_at > statement_timestamp() + $5::float8 * interval '1 millisecond' THEN 0
          ELSE least($3::float8, greatest(1, ceil(rate * $4::float8 / 1000))) END::int AS n
        FROM (SELECT rate, ${NEXT_AT} AS free_at FROM (SELECT ${RATE_NOW} AS rate) AS now) AS next) AS share)
RETURNING granted, rate, extract(epoch FROM next_at - clock_timestamp())::float8 * 1000 - granted * 1000 / rate AS starts_in_ms,
  coalesce(slowed_at > statement_timestamp() - ${SLOWED_FOR_MS} * interval '1 millisecond', false) AS slowed`;

const SLOW_DOWN = `
INSERT INTO rate_slots AS r (key, next_at, rate, granted, used, used_at, ceiling, floor, slowed_at)
VALUES ($1, statement_timestamp() + $5::float8 * interval '1 millisecond', $2, 0, 0, statement_timestamp(),
  greatest($4::float8, least($2::float8, $3::float8)), $4, statement_timestamp())
ON CONFLICT (key) DO UPDATE SET (next_at, ceiling, floor, slowed_at) = (
  SELECT greatest(r.next_at, statement_timestamp() + $5::float8 * interval '1 millisecond'),
         CASE WHEN again THEN r.ceiling ELSE greatest($4::float8, least(${RATE_NOW}, greatest($3::float8, ${USED_NOW}))) END,
         $4::float8, CASE WHEN again THEN r.slowed_at ELSE statement_timestamp() END
  FROM (SELECT coalesce(r.slowed_at > statement_timestamp() - ${SLOW_DOWN_ONCE_MS} * interval '1 millisecond', false) AS again) AS last)`;

/** The rate limiter's shared state in the ledger: every reservation is one statement on one row, with no flush to disk. */
export function createRateStore(pool: Pool): RateStore {
  return {
    async reserve({ key, ratePerSecond, wanted, chunkMs, aheadMs }) {
      const { rows } = await pool.query<{ granted: number; rate: number; starts_in_ms: number; slowed: boolean }>({
        name: 'reserve slots',
        text: RESERVE,
        values: [key, ratePerSecond, wanted, chunkMs, aheadMs],
      });
      const { granted, rate, starts_in_ms, slowed } = rows[0]!;
      return { granted, startsInMs: starts_in_ms, ratePerSecond: rate, slowed };
    },
    async slowDown({ key, ratePerSecond, observedPerSecond, floorPerSecond, pauseMs }) {
      await pool.query({
        name: 'slow down',
        text: SLOW_DOWN,
        values: [key, ratePerSecond, observedPerSecond, floorPerSecond, pauseMs],
      });
    },
  };
}

/** Removes rows of keys that nobody used for `idleMs` (campaigns that are over). Returns how many. */
export async function forgetIdleSlots(pool: Pool, idleMs: number): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM rate_slots WHERE greatest(used_at, next_at, slowed_at) < now() - $1::float8 * interval '1 millisecond'`,
    [idleMs],
  );
  return rowCount ?? 0;
}
