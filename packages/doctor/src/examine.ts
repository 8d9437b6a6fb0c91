import { type Dns, examineDomain } from './domain.ts';
import { type Finding, problem } from './finding.ts';
import { examineLedger } from './ledger.ts';
import { examineProviders } from './providers.ts';
import { examineQueues } from './queue.ts';
import { examineService, examineWebhook } from './reach.ts';

export type Examination = {
  /** The services' own variables. */
  env: NodeJS.ProcessEnv;
  /** Sending domains to look up, and the DKIM selectors to look for in each. */
  domains: string[];
  dkimSelectors: string[];
  webhookUrls: string[];
  /** Name and address of the services to ask. */
  services: Record<string, string>;
  dns: Dns;
};

/** Examines everything at once; a check that cannot be made is a finding and stops no other. */
export async function examine(wanted: Examination): Promise<Finding[]> {
  const { env } = wanted;
  const databaseUrl = env.DATABASE_URL;
  const findings = await Promise.all([
    databaseUrl
      ? examineLedger(databaseUrl, env.DATABASE_SCHEMA || 'public')
      : [
          problem(
            'ledger (PostgreSQL)',
            'DATABASE_URL is not set.',
            'Run the doctor in the environment of the services.',
          ),
        ],
    examineQueues(env.QUEUE_URL || undefined, env.QUEUE_PERSISTENCE),
    examineProviders(env),
    ...Object.entries(wanted.services).map(async ([name, url]) => [await examineService(name, url)]),
    ...wanted.domains.map((domain) => examineDomain(domain, wanted.dkimSelectors, wanted.dns)),
    ...wanted.webhookUrls.map(async (url) => [await examineWebhook(url)]),
  ]);
  return findings.flat();
}
