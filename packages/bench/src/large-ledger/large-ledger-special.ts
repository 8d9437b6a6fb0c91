import { controlCaller } from '@outrigger/chaos/campaigns';
import type { TestCaller } from '@outrigger/testkit/tenant';
import { readBooks } from '../books.ts';
import { readLedgerBytes } from '../ledger.ts';
import { startProbes } from '../probes.ts';
import { saturate } from '../saturate.ts';
import { findScenario } from '../scenarios.ts';
import type { Figure, Special, SpecialOptions, SpecialResult } from '../special.ts';
import { startSystem } from '../system.ts';
import { makeCampaign, makeTenant, readCampaign } from '../tenant.ts';
import { verifyHandOvers } from '../verify.ts';
import { fillLedger } from './fill-ledger.ts';

const DEFAULT_SIZE = 10_000_000;

/** High-throughput email on an empty ledger, and on one that already holds a day of ten million messages; autovacuum is on. */
export const largeLedgerSpecial: Special = {
  name: 'large-ledger',
  title: 'ten million messages in the ledger: what the next one costs',
  run: runLargeLedger,
};

async function runLargeLedger(options: SpecialOptions): Promise<SpecialResult> {
  const { say } = options;
  const size = options.size ?? DEFAULT_SIZE;
  const email = findScenario('ht-email-1')!;
  const probes = await startProbes(options.profileFolder);
  let caller: TestCaller | undefined;
  const system = await startSystem(email, { ...options, providerUrl: probes.provider.url }, async (pool) => {
    caller = await makeTenant(pool);
  });
  try {
    const { pool, stores } = system;
    const { tenantId } = caller!.tenant;
    const calls = await makeCampaign(email, caller!, controlCaller(system.controlUrl, 60_000));
    say('high-throughput email on an empty ledger');
    // Twice as long to warm up: the second measurement finds everything compiled.
    const empty = await saturate(probes, system, calls, { ...options, warmUpSeconds: 2 * options.warmUpSeconds });
    const bytesBefore = await readLedgerBytes(pool);
    const startedAt = performance.now();
    await fillLedger(pool, { ...(await readCampaign(pool, calls)), tenantId, messages: size, say });
    const fillSeconds = (performance.now() - startedAt) / 1_000;
    const bytesEach = ((await readLedgerBytes(pool)) - bytesBefore) / size;
    say(`the same with ${size} messages in the ledger`);
    const full = await saturate(probes, system, calls, options);
    await system.stopServices();
    const { calls: book, account, problems } = await readBooks(probes, options.folder);
    const figures: Figure[] = [
      {
        name: 'CPU of an email, full to empty ledger',
        value: full.totalCpuUs / empty.totalCpuUs,
        unit: '',
        goal: 1.1,
        better: 'lower',
      },
      { name: 'CPU of PostgreSQL, empty ledger', value: empty.cpuUs.postgres!, unit: 'us', better: 'lower' },
      { name: 'CPU of PostgreSQL, full ledger', value: full.cpuUs.postgres!, unit: 'us', better: 'lower' },
      { name: 'top rate, empty ledger', value: empty.messagesPerSecond, unit: '/s', better: 'higher' },
      { name: 'top rate, full ledger', value: full.messagesPerSecond, unit: '/s', better: 'higher' },
      { name: 'stored a message', value: bytesEach, unit: 'bytes', better: 'lower' },
      { name: 'filling took', value: fillSeconds, unit: 's', better: 'lower' },
    ];
    return {
      figures,
      problems: [...problems, ...verifyHandOvers(book, account.times, 1).problems],
      versions: { node: process.version, ...stores.versions },
    };
  } finally {
    await system.stop();
    await probes.stop();
  }
}
