import { COMPLAINT_REASON, comparableEmail, type SuppressionFacts, uuidv7 } from '@outrigger/core';
import type { PoolClient } from 'pg';
import type { Pool } from './pool.ts';

export type SuppressionEntry = {
  entityType: 'email' | 'domain';
  entityValue: string;
  suppressedType: 'HARD' | 'SOFT' | 'MANUAL';
  suppressedBy: string;
  comment?: string;
};

/*
 * The suppression list of every tenant, and the allowed list of those that have it active; both arms are look-ups by primary
 * key. A tenant without an active allowed list has no row of the second arm.
 */
const FACTS = `
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS a(tenant_id, address, domain, place)
)
SELECT a.place::int,
       CASE WHEN s.entity_type = 'domain' THEN 'domain'
            WHEN s.suppressed_type = 'HARD' AND s.comment = '${COMPLAINT_REASON}' THEN 'complaint' ELSE 'address' END AS found
FROM asked a CROSS JOIN LATERAL (VALUES ('email', a.address), ('domain', a.domain)) AS k(entity_type, entity_value)
JOIN suppressions s ON s.tenant_id = a.tenant_id AND s.list_type = 'client'
 AND s.entity_type = k.entity_type AND s.entity_value = k.entity_value
UNION ALL
SELECT a.place::int,
       CASE WHEN EXISTS (SELECT FROM suppressions l WHERE l.tenant_id = a.tenant_id AND l.list_type = 'allowed'
                         AND ((l.entity_type = 'email' AND l.entity_value = a.address)
                           OR (l.entity_type = 'domain' AND l.entity_value = a.domain))) THEN 'listed'
            WHEN EXISTS (SELECT FROM suppressions l WHERE l.tenant_id = a.tenant_id AND l.list_type = 'allowed'
                         AND l.entity_type = 'domain')
             AND NOT EXISTS (SELECT FROM suppressions l WHERE l.tenant_id = a.tenant_id AND l.list_type = 'allowed'
                             AND l.entity_type = 'email') THEN 'domain_unlisted'
            ELSE 'unlisted' END
FROM asked a JOIN allowed_list_switches w ON w.tenant_id = a.tenant_id AND w.active`;

type Found = 'address' | 'complaint' | 'domain' | 'listed' | 'unlisted' | 'domain_unlisted';

/**
 * What the lists say of each address (comparable form or raw), by tenant, in the order asked. Read after the claim, so it is
 * at least as fresh as the claim.
 */
export async function readSuppressionFacts(
  pool: Pool,
  asked: { tenantId: number; address: string }[],
): Promise<SuppressionFacts[]> {
  if (asked.length === 0) return [];
  const addresses = asked.map((one) => comparableEmail(one.address));
  const { rows } = await pool.query<{ place: number; found: Found }>({
    name: 'suppression-facts',
    text: FACTS,
    values: [
      asked.map((one) => one.tenantId),
      addresses,
      addresses.map((address) => address.slice(address.lastIndexOf('@') + 1)),
    ],
  });
  const facts = asked.map((): SuppressionFacts => ({ address: 'no', domain: false, allowed: 'inactive' }));
  for (const { place, found } of rows) {
    const fact = facts[place - 1]!;
    if (found === 'domain') fact.domain = true;
    else if (found === 'address') fact.address = 'suppressed';
    else if (found === 'complaint') fact.address = 'complaint';
    else fact.allowed = found;
  }
  return facts;
}

/**
 * Puts an address or a domain on the suppression list; effective for every claim after the commit. Who is on it already stays
 * as listed, except that a hard bounce replaces a complaint, which a configuration may lift.
 */
export async function suppress(pool: Pool | PoolClient, tenantId: number, entry: SuppressionEntry): Promise<void> {
  const value = entry.entityType === 'email' ? comparableEmail(entry.entityValue) : entry.entityValue.toLowerCase();
  await pool.query(
    `INSERT INTO suppressions AS s (suppression_id, tenant_id, list_type, entity_type, entity_value, suppressed_type, suppressed_by, comment)
     VALUES ($1, $2, 'client', $3, $4, $5, $6, $7)
     ON CONFLICT (tenant_id, list_type, entity_type, entity_value) DO UPDATE
       SET comment = excluded.comment, suppressed_by = excluded.suppressed_by, modified_at = now(), suppressed_at = now()
       WHERE s.suppressed_type = 'HARD' AND s.comment = '${COMPLAINT_REASON}'
         AND excluded.suppressed_type = 'HARD' AND excluded.comment <> '${COMPLAINT_REASON}'`,
    [uuidv7(), tenantId, entry.entityType, value, entry.suppressedType, entry.suppressedBy, entry.comment ?? ''],
  );
}
