import type { Pool } from './pool.ts';

/** A provider account's breaker as the ledger has it. Instants are told from now by the ledger's clock. */
export type BreakerRow = {
  account: string;
  phase: 'closed' | 'open' | 'half_open';
  opens: number;
  sinceAgoMs: number;
  /** Undefined while closed. */
  untilInMs: number | undefined;
  reason: string | undefined;
  version: number;
};

/** A transition: applied only if nobody else made one since `expectedVersion` (0: there is no row yet). */
export type BreakerChange = {
  account: string;
  expectedVersion: number;
  phase: BreakerRow['phase'];
  opens: number;
  untilInMs: number | undefined;
  reason: string;
};

const COLUMNS = `account, phase, opens, version, reason,
  extract(epoch FROM clock_timestamp() - since)::float8 * 1000 AS since_ago_ms,
  extract(epoch FROM until - clock_timestamp())::float8 * 1000 AS until_in_ms`;

type Columns = {
  account: string;
  phase: BreakerRow['phase'];
  opens: number;
  version: string;
  reason: string | null;
  since_ago_ms: number;
  until_in_ms: number | null;
};

/** The breakers of these accounts; an account that never opened has none. */
export async function readBreakers(pool: Pool, accounts: string[]): Promise<BreakerRow[]> {
  const { rows } = await pool.query<Columns>({
    name: 'read breakers',
    text: `SELECT ${COLUMNS} FROM provider_breakers WHERE account = ANY($1)`,
    values: [accounts],
  });
  return rows.map((row) => ({
    account: row.account,
    phase: row.phase,
    opens: row.opens,
    sinceAgoMs: row.since_ago_ms,
    untilInMs: row.until_in_ms ?? undefined,
    reason: row.reason ?? undefined,
    version: Number(row.version),
  }));
}

/** Makes a transition; false when another process was first. */
export async function changeBreaker(pool: Pool, change: BreakerChange): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO provider_breakers AS b (account, phase, opens, since, until, reason, version)
     VALUES ($1, $3, $4, clock_timestamp(), clock_timestamp() + $5::float8 * interval '1 millisecond', $6, $2::bigint + 1)
     ON CONFLICT (account) DO UPDATE SET phase = excluded.phase, opens = excluded.opens, since = excluded.since,
       until = excluded.until, reason = excluded.reason, version = excluded.version
     WHERE b.version = $2::bigint`,
    [
      change.account,
      change.expectedVersion,
      change.phase,
      change.opens,
      change.untilInMs ?? null,
      change.reason.slice(0, 500),
    ],
  );
  return rowCount === 1;
}
