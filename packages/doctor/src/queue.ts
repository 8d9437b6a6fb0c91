import { type RedisFacts, readRedisFacts } from '@outrigger/queue';
import { clockFinding } from './clock.ts';
import { type Finding, good, problem, reasonOf, warning } from './finding.ts';

const SUBJECT = 'queues (Redis)';

/** Asks the queue store whether it may be trusted with queues. Without an address the queues live in the ledger. */
export async function examineQueues(queueUrl: string | undefined, persistence?: string): Promise<Finding[]> {
  if (queueUrl === undefined) {
    return [good('queues', "QUEUE_URL is not set: the queues live in the ledger's PostgreSQL.")];
  }
  try {
    const askedAt = Date.now();
    const servers = await readRedisFacts(queueUrl);
    const answeredAt = Date.now();
    return servers.flatMap((facts) => {
      const subject = servers.length === 1 ? SUBJECT : `${SUBJECT} ${facts.server}`;
      return [...judgeRedis(facts, { subject, persistence }), clockFinding(subject, facts.nowAt, askedAt, answeredAt)];
    });
  } catch (error) {
    return [
      problem(
        SUBJECT,
        `Cannot be reached: ${reasonOf(error)}.`,
        'Check QUEUE_URL. Calls are accepted without it, but nothing goes out until it is back.',
      ),
    ];
  }
}

/** What the facts mean to services whose QUEUE_PERSISTENCE is `persistence`. */
export function judgeRedis(
  facts: RedisFacts,
  { subject = SUBJECT, persistence }: { subject?: string; persistence?: string } = {},
): Finding[] {
  const [major = 0, minor = 0] = facts.version.split('.').map(Number);
  const findings = [
    major > 6 || (major === 6 && minor >= 2)
      ? good(subject, `Version ${facts.version}.`)
      : problem(subject, `Version ${facts.version} is too old.`, 'Use Redis 6.2 or newer, or Valkey.'),
    facts.evictionPolicy === 'noeviction'
      ? good(subject, 'It evicts nothing.')
      : problem(
          subject,
          `maxmemory-policy is ${facts.evictionPolicy}: it may throw queue keys away.`,
          'Set maxmemory-policy noeviction and give the queues a Redis of their own. The services refuse to start.',
        ),
    facts.appendOnly
      ? good(subject, 'It writes what it holds to disk (AOF).')
      : persistenceFinding(subject, persistence),
  ];
  if (facts.role !== 'master') {
    findings.push(problem(subject, `It is a ${facts.role}: it takes no writes.`, 'Point QUEUE_URL at the primary.'));
  }
  if (facts.maxMemoryBytes > 0 && facts.usedMemoryBytes > facts.maxMemoryBytes * 0.8) {
    const percent = Math.round((facts.usedMemoryBytes / facts.maxMemoryBytes) * 100);
    findings.push(
      warning(subject, `${percent} % of maxmemory is used.`, 'Give it more memory; when it is full, enqueuing waits.'),
    );
  }
  return findings;
}

/** The services refuse such a Redis unless they were told that it is meant to be so. */
function persistenceFinding(subject: string, persistence: string | undefined): Finding {
  const says = 'The append-only file is off: a restart empties the queues.';
  return persistence === 'optional'
    ? warning(
        subject,
        says,
        'Nothing is lost by that (QUEUE_PERSISTENCE=optional), but after a restart the dispatcher has to fill the queues again from the ledger.',
      )
    : problem(
        subject,
        says,
        'Set appendonly yes, or QUEUE_PERSISTENCE=optional where that is meant to be so. The services refuse to start.',
      );
}
