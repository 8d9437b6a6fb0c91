import type { SuppressionFacts } from '@outrigger/core';
import { comparableEmail, uuidv7 } from '@outrigger/core';
import type { Pool } from './pool.ts';

export type SuppressionEntry = {
  entityType: 'email' | 'domain';
  entityValue: string;
  suppressedType: 'HARD' | 'SOFT' | 'MANUAL';
  suppressedBy: string;
  comment?: string;
};

/**
 * What the suppression list says of each address (comparable form or raw), by tenant, in the order asked. Read after the
 * claim, so it is at least as fresh as the claim.
 */
export async function readSuppressionFacts(
  pool: Pool,
  asked: { tenantId: number; address: string }[],
): Promise<SuppressionFacts[]> {
  if (asked.length === 0) return [];
  const addresses = asked.map((one) => comparableEmail(one.address));
  const { rows } = await pool.query<{ place: number; entity_type: 'email' | 'domain' }>({
    name: 'suppression-facts',
    text: `SELECT a.place::int, s.entity_type
      FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS a(tenant_id, address, domain, place)
      JOIN suppressions s ON s.tenant_id = a.tenant_id AND s.list_type = 'client'
       AND ((s.entity_type = 'email' AND s.entity_value = a.address) OR (s.entity_type = 'domain' AND s.entity_value = a.domain))`,
    values: [
      asked.map((one) => one.tenantId),
      addresses,
      addresses.map((address) => address.slice(address.lastIndexOf('@') + 1)),
    ],
  });
  const facts = asked.map((): SuppressionFacts => ({ address: false, domain: false }));
  for (const row of rows) facts[row.place - 1]![row.entity_type === 'email' ? 'address' : 'domain'] = true;
  return facts;
}

/** Puts an address or a domain on the suppression list; effective for every claim after the commit. */
export async function suppress(pool: Pool, tenantId: number, entry: SuppressionEntry): Promise<void> {
  const value = entry.entityType === 'email' ? comparableEmail(entry.entityValue) : entry.entityValue.toLowerCase();
  await pool.query(
    `INSERT INTO suppressions (suppression_id, tenant_id, list_type, entity_type, entity_value, suppressed_type, suppressed_by, comment)
     VALUES ($1, $2, 'client', $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [uuidv7(), tenantId, entry.entityType, value, entry.suppressedType, entry.suppressedBy, entry.comment ?? ''],
  );
}
