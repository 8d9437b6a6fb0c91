import { uuidv7 } from '@outrigger/core';
import type { PoolClient } from 'pg';
import { writeAudit } from './audit.ts';
import { keysetSql, type OrderColumn, type PageStart } from './keyset.ts';
import { inTransaction, type Pool } from './pool.ts';

export type SuppressionListType = 'client' | 'allowed';
export type SuppressionEntityType = 'email' | 'domain';

/** An entry of the suppression or the allowed list. */
export type ListedEntry = {
  id: string;
  listType: SuppressionListType;
  entityType: SuppressionEntityType;
  entityValue: string;
  suppressedType: 'HARD' | 'SOFT' | 'MANUAL';
  user: string;
  comment: string;
  suppressedAt: Date;
  createdAt: Date;
  modifiedAt: Date;
};

const COLUMNS = `suppression_id AS id, list_type AS "listType", entity_type AS "entityType", entity_value AS "entityValue",
  suppressed_type AS "suppressedType", suppressed_by AS "user", comment, suppressed_at AS "suppressedAt",
  created_at AS "createdAt", modified_at AS "modifiedAt"`;

/** Most entries an allowed list has (spec 11.2). */
export const MAX_ALLOWED_ENTRIES = 1_000;

const milliseconds = (column: string): OrderColumn => ({ column, type: 'milliseconds' });
/** What the lists can be ordered by (reference suppression.yaml). */
export const SUPPRESSION_ORDER_COLUMNS: Record<string, OrderColumn> = {
  entityvalue: { column: 'entity_value', type: 'text' },
  entitytype: { column: 'entity_type', type: 'text' },
  creationdate: milliseconds('created_at'),
  lastmodifieddate: milliseconds('modified_at'),
  suppresseddate: milliseconds('suppressed_at'),
  suppresseduser: { column: 'suppressed_by', type: 'text' },
  suppressedcomment: { column: 'comment', type: 'text' },
};

export type SuppressionListRequest = {
  listType: SuppressionListType;
  entityType: SuppressionEntityType;
  order: { name: string; descending: boolean };
  start?: PageStart | undefined;
  /** Bounds of the creation date in milliseconds, both inclusive. */
  createdFrom?: number | undefined;
  createdTo?: number | undefined;
  limit: number;
};

/** A page of a tenant's list, in the order asked for. */
export async function listSuppressions(
  pool: Pool,
  tenantId: number,
  request: SuppressionListRequest,
): Promise<ListedEntry[]> {
  const values: unknown[] = [tenantId, request.listType, request.entityType, request.limit];
  const column = SUPPRESSION_ORDER_COLUMNS[request.order.name]!;
  const keyset = keysetSql(
    { ...column, idColumn: 'suppression_id', descending: request.order.descending },
    request.start,
    values,
  );
  const bounds = [
    ['>=', request.createdFrom],
    ['<=', request.createdTo],
  ] as const;
  const created = bounds.flatMap(([comparison, bound]) => {
    if (bound === undefined) return [];
    values.push(bound);
    return [`created_at ${comparison} to_timestamp($${values.length}::double precision / 1000)::timestamptz(3)`];
  });
  const { rows } = await pool.query<ListedEntry>(
    `SELECT ${COLUMNS} FROM suppressions WHERE tenant_id = $1 AND list_type = $2 AND entity_type = $3
     AND ${[keyset.where, ...created].join(' AND ')} AND ${NOT_WIPED} ORDER BY ${keyset.orderBy} LIMIT $4`,
    values,
  );
  return rows;
}

/** What is being wiped is not shown any more, though it takes a while to be gone. */
const NOT_WIPED = `NOT EXISTS (SELECT FROM suppression_wipes w WHERE w.tenant_id = suppressions.tenant_id
  AND suppressions.list_type = 'client' AND suppressions.modified_at <= w.wiped_at)`;

export async function readSuppression(
  pool: Pool,
  tenantId: number,
  entry: { listType: SuppressionListType; entityType: SuppressionEntityType; entityValue: string },
): Promise<ListedEntry | undefined> {
  const { rows } = await pool.query<ListedEntry>(
    `SELECT ${COLUMNS} FROM suppressions
     WHERE tenant_id = $1 AND list_type = $2 AND entity_type = $3 AND entity_value = $4 AND ${NOT_WIPED}`,
    [tenantId, entry.listType, entry.entityType, entry.entityValue],
  );
  return rows[0];
}

export type NewEntry = { entityType: SuppressionEntityType; entityValue: string; comment: string; user: string };

/**
 * Puts entries on a list by hand, in one transaction; effective for every claim after it. One that is there already keeps its
 * id and its creation date and is what was said last. `full`: the allowed list would get more entries than it may have.
 */
export async function addSuppressions(
  pool: Pool,
  tenantId: number,
  listType: SuppressionListType,
  entries: NewEntry[],
  by: string,
): Promise<{ entries: ListedEntry[] } | { full: true }> {
  // The last one counts: one statement cannot write a row twice.
  const unique = [...new Map(entries.map((entry) => [`${entry.entityType} ${entry.entityValue}`, entry])).values()];
  return inTransaction(pool, async (client) => {
    if (listType === 'allowed' && (await wouldBeTooMany(client, tenantId, unique))) return { full: true };
    const { rows } = await client.query<ListedEntry>(
      `INSERT INTO suppressions (suppression_id, tenant_id, list_type, entity_type, entity_value, suppressed_type, suppressed_by, comment)
       SELECT n.id, $1, $2, n.entity_type, n.entity_value, 'MANUAL', n.suppressed_by, n.comment
       FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
         AS n(id, entity_type, entity_value, suppressed_by, comment) ORDER BY n.entity_type, n.entity_value
       ON CONFLICT (tenant_id, list_type, entity_type, entity_value) DO UPDATE SET suppressed_type = 'MANUAL',
         suppressed_by = excluded.suppressed_by, comment = excluded.comment, modified_at = now(), suppressed_at = now()
       RETURNING ${COLUMNS}`,
      [
        tenantId,
        listType,
        unique.map(() => uuidv7()),
        unique.map((entry) => entry.entityType),
        unique.map((entry) => entry.entityValue),
        unique.map((entry) => entry.user),
        unique.map((entry) => entry.comment),
      ],
    );
    const target = `${unique.length} ${unique[0]?.entityType}`;
    await writeAudit(client, { tenantId, actor: by, action: `suppression.add.${listType}`, target });
    const written = new Map(rows.map((row) => [`${row.entityType} ${row.entityValue}`, row]));
    return { entries: entries.map((entry) => written.get(`${entry.entityType} ${entry.entityValue}`)!) };
  });
}

/** Additions wait for each other here, so that two of them cannot pass the bound together. */
async function wouldBeTooMany(client: PoolClient, tenantId: number, added: NewEntry[]): Promise<boolean> {
  await client.query('SELECT FROM tenants WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
  const { rows } = await client.query<{ known: number }>(
    `SELECT count(*)::int AS known FROM suppressions s JOIN unnest($2::text[], $3::text[]) AS n(entity_type, entity_value)
     USING (entity_type, entity_value) WHERE s.tenant_id = $1 AND s.list_type = 'allowed'`,
    [tenantId, added.map((entry) => entry.entityType), added.map((entry) => entry.entityValue)],
  );
  return (await countAllowed(client, tenantId)) + added.length - rows[0]!.known > MAX_ALLOWED_ENTRIES;
}

export async function countAllowed(client: Pick<Pool, 'query'>, tenantId: number): Promise<number> {
  const { rows } = await client.query<{ entries: number }>(
    "SELECT count(*)::int AS entries FROM suppressions WHERE tenant_id = $1 AND list_type = 'allowed'",
    [tenantId],
  );
  return rows[0]!.entries;
}

/** Takes one entry off a list; sending may resume at once. Returns whether it was there. */
export async function removeSuppression(
  pool: Pool,
  tenantId: number,
  entry: { listType: SuppressionListType; entityType: SuppressionEntityType; entityValue: string },
  by: string,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ suppression_id: string }>(
      `DELETE FROM suppressions WHERE tenant_id = $1 AND list_type = $2 AND entity_type = $3 AND entity_value = $4
       RETURNING suppression_id`,
      [tenantId, entry.listType, entry.entityType, entry.entityValue],
    );
    const removed = rows[0];
    if (!removed) return false;
    // By its id: the audit log outlives the address.
    const action = `suppression.remove.${entry.listType}`;
    await writeAudit(client, { tenantId, actor: by, action, target: removed.suppression_id });
    return true;
  });
}
