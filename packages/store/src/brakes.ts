import { type BrakeRule, uuidv7 } from '@outrigger/core';
import { writeAudit } from './audit.ts';
import { inTransaction, type Pool, type PoolClient } from './pool.ts';

export type Brake = {
  brakeId: string;
  tenantId: number | null;
  scope: BrakeRule['scope'];
  target: string;
  action: BrakeRule['action'];
  ratePerSecond: number | null;
  createdBy: string;
  createdAt: Date;
  releasedAt: Date | null;
  /** Messages that wait for this brake to be released. */
  held: number;
};

const COLUMNS = `brake_id AS "brakeId", tenant_id AS "tenantId", scope, target, action, rate_per_second AS "ratePerSecond",
  created_by AS "createdBy", created_at AS "createdAt", released_at AS "releasedAt",
  (SELECT coalesce(sum(cardinality(b.message_ids)), 0)::int FROM batches b WHERE b.brake_id = brakes.brake_id) AS held`;

/**
 * Puts a brake on, in force for every claim after the commit. A scope and target has one brake: a new one replaces the old,
 * and what the old one held is due again (and then meets the new one). A cancel also frees what other brakes hold, so that
 * nothing outlives it by being paused; what it does not concern is held again.
 */
export async function applyBrake(
  pool: Pool,
  brake: Pick<Brake, 'tenantId' | 'scope' | 'target' | 'action' | 'ratePerSecond'> & { by: string },
): Promise<Brake> {
  return inTransaction(pool, async (client) => {
    // Two people who brake the same thing at once do it one after the other.
    const key = JSON.stringify(['brake', brake.scope, brake.target, brake.tenantId]);
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
    const { rows: old } = await client.query<{ brake_id: string }>(
      `UPDATE brakes SET released_at = now(), released_by = $4
       WHERE scope = $1 AND target = $2 AND coalesce(tenant_id, 0) = coalesce($3::int, 0) AND released_at IS NULL RETURNING brake_id`,
      [brake.scope, brake.target, brake.tenantId, brake.by],
    );
    for (const { brake_id } of old) await freeHeldBy(client, brake.scope, brake_id);
    if (brake.action === 'cancel') {
      await client.query(`${FREE_BATCHES} AND ($1::int IS NULL OR tenant_id = $1) AND ($2 <> 'lane' OR lane = $3)`, [
        brake.tenantId,
        brake.scope,
        brake.target,
      ]);
    }
    const { rows } = await client.query<Brake>(
      `INSERT INTO brakes (brake_id, tenant_id, scope, target, action, rate_per_second, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
      [uuidv7(), brake.tenantId, brake.scope, brake.target, brake.action, brake.ratePerSecond, brake.by],
    );
    await writeAudit(client, {
      tenantId: brake.tenantId,
      actor: brake.by,
      action: `brake.${brake.action}`,
      target: `${brake.scope}:${brake.target}`,
      detail: brake.ratePerSecond === null ? {} : { rate_per_second: brake.ratePerSecond },
    });
    return rows[0]!;
  });
}

/* Held batches are due at once; `-infinity` says that the queue does not have them, so that the janitor's next sweep does it. */
const FREE_BATCHES = `UPDATE batches SET brake_id = NULL, eligible_at = now(), enqueued_at = '-infinity'
  WHERE brake_id IS NOT NULL AND token IS NULL`;

/** A message that no account may take waits under the brake of one of them: any account that opens is a way for it. */
async function freeHeldBy(client: PoolClient, scope: Brake['scope'], brakeId: string): Promise<void> {
  if (scope === 'provider') {
    await client.query(`${FREE_BATCHES} AND brake_id IN (SELECT brakes.brake_id FROM brakes WHERE scope = 'provider')`);
  } else await client.query(`${FREE_BATCHES} AND brake_id = $1`, [brakeId]);
}

/**
 * Frees batches whose brake is in force no more. A worker that claimed before a release may record after it that the brake
 * holds the batch; the janitor's sweep calls this, so that such a batch waits for a second and not for ever. What was held under
 * one account's brake right after another account was opened is looked at once more.
 */
export async function freeReleased(pool: Pool): Promise<void> {
  await pool.query(
    `${FREE_BATCHES} AND (NOT EXISTS (SELECT FROM brakes WHERE brakes.brake_id = batches.brake_id AND released_at IS NULL)
       OR enqueued_at < now() - interval '10 seconds' AND EXISTS (
         SELECT FROM brakes own JOIN brakes opened ON opened.scope = 'provider' AND opened.released_at <= batches.enqueued_at
           AND opened.released_at > batches.enqueued_at - interval '10 seconds'
         WHERE own.brake_id = batches.brake_id AND own.scope = 'provider'))`,
  );
}

/** Takes a brake off: what it held is due again. Returns the brake, or undefined when there is none in force with this id. */
export async function releaseBrake(
  pool: Pool,
  tenantId: number | null,
  brakeId: string,
  by: string,
): Promise<Brake | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Brake>(
      `UPDATE brakes SET released_at = now(), released_by = $3
       WHERE brake_id = $1 AND released_at IS NULL AND (tenant_id = $2 OR (tenant_id IS NULL AND $2::int IS NULL)) RETURNING ${COLUMNS}`,
      [brakeId, tenantId, by],
    );
    const brake = rows[0];
    if (!brake) return undefined;
    await freeHeldBy(client, brake.scope, brakeId);
    await writeAudit(client, {
      tenantId: brake.tenantId,
      actor: by,
      action: 'brake.release',
      target: `${brake.scope}:${brake.target}`,
    });
    return brake;
  });
}

/** Brakes in force: a tenant's own, or (for null) those of lanes and providers. */
export async function listBrakes(pool: Pool, tenantId: number | null): Promise<Brake[]> {
  const { rows } = await pool.query<Brake>(
    `SELECT ${COLUMNS} FROM brakes WHERE released_at IS NULL AND (tenant_id = $1 OR (tenant_id IS NULL AND $1::int IS NULL))
     ORDER BY created_at`,
    [tenantId],
  );
  return rows;
}

/** Every brake in force, of all tenants: what a worker looks at between its claims. */
export async function readActiveBrakes(pool: Pool): Promise<BrakeRule[]> {
  const { rows } = await pool.query<BrakeRule>({
    name: 'active-brakes',
    text: 'SELECT brake_id, tenant_id, scope, target, action, rate_per_second FROM brakes WHERE released_at IS NULL',
  });
  return rows;
}
