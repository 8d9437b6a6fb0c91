import type { Pool } from '@outrigger/store';
import { consentingOf, SAYS_NO_SQL } from './people.ts';

/**
 * Holds the ledger and what the provider was given against each other: every consenting member exactly once, everybody else
 * excluded for that reason, nobody lost. What does not hold is told in words.
 */
export async function verifyAudience(
  pool: Pool,
  { tenantId, executionId, people }: { tenantId: number; executionId: string; people: number },
): Promise<{ problems: string[]; missedOrDoubled: number }> {
  const consenting = consentingOf(people);
  const { rows } = await pool.query<Record<string, number>>(
    `SELECT (SELECT count(*) FROM profiles WHERE tenant_id = $2)::int AS "profiles",
       (SELECT targeted FROM audience_executions WHERE execution_id = $1)::int AS "targeted members",
       (SELECT sum(messages) FROM audience_chunks WHERE audience_execution_id = $1)::int AS "messages of the execution",
       (SELECT count(*) FROM messages WHERE tenant_id = $2)::int AS "messages of the tenant",
       (SELECT count(DISTINCT message_id) FROM message_history WHERE tenant_id = $2 AND state = 'sent')::int AS "messages sent",
       (SELECT count(*) FROM message_history WHERE tenant_id = $2 AND state = 'excluded' AND code = '050101')::int AS "excluded",
       (SELECT count(*) FROM sandbox_records)::int AS "hand-overs",
       (SELECT count(DISTINCT recipient) FROM sandbox_records)::int AS "people who got mail",
       (SELECT count(*) FROM sandbox_records WHERE ${SAYS_NO_SQL})::int AS "hand-overs without consent"`,
    [executionId, tenantId],
  );
  const expected: Record<string, number> = {
    profiles: people,
    'targeted members': people,
    'messages of the execution': people,
    'messages of the tenant': people,
    'messages sent': consenting,
    excluded: people - consenting,
    'hand-overs': consenting,
    'people who got mail': consenting,
    'hand-overs without consent': 0,
  };
  const found = rows[0]!;
  const problems = Object.entries(expected)
    .filter(([name, count]) => found[name] !== count)
    .map(([name, count]) => `${name}: ${found[name]}, expected ${count}`);
  const reached = found['people who got mail']!;
  return { problems, missedOrDoubled: Math.abs(consenting - reached) + found['hand-overs']! - reached };
}
