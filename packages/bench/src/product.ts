import { controlCaller } from '@outrigger/chaos/campaigns';
import type { TestCaller } from '@outrigger/testkit/tenant';
import { readLedgerBytes, readWalBytes, verifyLedger } from './ledger.ts';
import { queueBytes } from './queue-bytes.ts';
import type { Scenario } from './scenarios.ts';
import { type SystemOptions, startSystem } from './system.ts';
import type { Target } from './target.ts';
import { makeCampaign, makeTenant, storeProfiles } from './tenant.ts';

/** More than a run's messages: each recipient has a profile. */
const STORED_PROFILES = 400_000;

/** Starts the product with everything that a scenario needs. */
export async function startProduct(scenario: Scenario, options: SystemOptions): Promise<Target> {
  let caller: TestCaller | undefined;
  const system = await startSystem(scenario, options, async (pool) => {
    caller = await makeTenant(pool);
    if (scenario.profiles) await storeProfiles(pool, caller.tenant.tenantId, STORED_PROFILES);
  });
  const { pool, stores } = system;
  const calls = await makeCampaign(scenario, caller!, controlCaller(system.controlUrl, 60_000));
  return {
    name: 'outrigger',
    port: system.ingress.port,
    calls,
    groups: system.groups,
    versions: { node: process.version, ...stores.versions },
    async stored() {
      return {
        ledger: await readLedgerBytes(pool),
        wal: await readWalBytes(pool),
        queue: await queueBytes(stores, pool),
      };
    },
    verify: (book) => verifyLedger(pool, book),
    stopServices: system.stopServices,
    stop: system.stop,
  };
}
