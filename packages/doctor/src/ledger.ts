import { openPool } from '@outrigger/store';
import { type LedgerFacts, readLedgerFacts, readWebhookFacts } from '@outrigger/store/inspect';
import { clockFinding } from './clock.ts';
import { type Finding, good, problem, reasonOf, warning } from './finding.ts';
import { judgeWebhooks } from './webhooks.ts';

const SUBJECT = 'ledger (PostgreSQL)';
/** docs/running-with-compose.md: "PostgreSQL 16 or newer"; 15 is what older Debian has, and the tests pass on it. */
const OLDEST_VERSION = 15;

/** Asks the ledger's server what it is and whether it keeps what it is given. */
export async function examineLedger(databaseUrl: string, schema: string): Promise<Finding[]> {
  const pool = openPool({ databaseUrl, maxConnections: 1, applicationName: 'outrigger doctor' });
  try {
    // Once for the connection, so that making it is no part of the time that the answer took.
    await pool.query('SELECT 1');
    const askedAt = Date.now();
    const facts = await readLedgerFacts(pool, schema);
    const clock = clockFinding(SUBJECT, facts.nowAt, askedAt, Date.now());
    const complete = facts.pendingMigrations?.length === 0;
    const webhooks = complete ? judgeWebhooks(await readWebhookFacts(pool, schema)) : [];
    return [...judgeLedger(facts), clock, ...webhooks];
  } catch (error) {
    return [
      problem(
        SUBJECT,
        `Cannot be reached: ${reasonOf(error)}.`,
        'Check DATABASE_URL, that the server runs, and that it lets this machine in. Without it nothing is accepted.',
      ),
    ];
  } finally {
    await pool.end();
  }
}

/** What the facts mean. */
export function judgeLedger(facts: LedgerFacts): Finding[] {
  return [
    versionFinding(facts),
    durabilityFinding(facts),
    migrationFinding(facts),
    ...(facts.pendingMigrations === undefined ? [] : [partitionFinding(facts)]),
    connectionFinding(facts),
    ...(facts.autovacuum === 'on'
      ? []
      : [
          problem(
            SUBJECT,
            'autovacuum is off: the table of waiting batches grows with every message.',
            'Set autovacuum = on.',
          ),
        ]),
    ...(facts.inRecovery
      ? [
          problem(
            SUBJECT,
            'This is a read-only replica: nothing can be accepted.',
            'Point DATABASE_URL at the primary server.',
          ),
        ]
      : []),
  ];
}

function versionFinding({ versionNumber, version }: LedgerFacts): Finding {
  return Math.floor(versionNumber / 10_000) >= OLDEST_VERSION
    ? good(SUBJECT, `PostgreSQL ${version}.`)
    : problem(SUBJECT, `PostgreSQL ${version} is too old.`, `Use version ${OLDEST_VERSION} or newer.`);
}

function durabilityFinding({ synchronousCommit }: LedgerFacts): Finding {
  if (synchronousCommit !== 'off')
    return good(SUBJECT, `A commit that is answered is on disk (synchronous_commit = ${synchronousCommit}).`);
  return problem(
    SUBJECT,
    'synchronous_commit is off: a crash of the server loses calls that were answered 202.',
    'Set synchronous_commit = on for this database.',
  );
}

function migrationFinding({ pendingMigrations }: LedgerFacts): Finding {
  const todo = 'Run the migration of this version (the compose service `migrate`, or the Job of the same name).';
  if (pendingMigrations === undefined) return problem(SUBJECT, 'There are no tables of ours in this schema.', todo);
  if (pendingMigrations.length === 0) return good(SUBJECT, 'The schema is that of this version.');
  return problem(SUBJECT, `The schema lacks ${pendingMigrations.join(', ')}.`, todo);
}

function partitionFinding({ partitionedAhead }: LedgerFacts): Finding {
  if (partitionedAhead) return good(SUBJECT, "Tomorrow's partitions are there.");
  return warning(
    SUBJECT,
    "Tomorrow's partitions are missing; what comes goes into the default partition, from which it cannot be dropped by the day.",
    'Start a dispatcher: it makes them every hour.',
  );
}

function connectionFinding({ usedConnections, maxConnections }: LedgerFacts): Finding {
  const says = `${usedConnections} of ${maxConnections} connections are used.`;
  return usedConnections < maxConnections * 0.8
    ? good(SUBJECT, says)
    : warning(SUBJECT, says, 'Each process of ours opens up to 10: raise max_connections before adding more.');
}
