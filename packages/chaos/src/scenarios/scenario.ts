import { check } from '../check.ts';
import { countOutstanding, readLedger } from '../ledger-reader.ts';
import { type Load, startLoad } from '../load.ts';
import { readProviderLedgers, type TakenHandOver } from '../provider/provider-ledger.ts';
import type { System, SystemOptions } from '../system.ts';
import { keepLooking, untilEnded } from '../waiting.ts';

export const SCENARIO_NAMES = ['outage', 'priority', 'flush', 'rolling', 'flood'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export type ScenarioOptions = SystemOptions & { size: number };

/** What a scenario found: rows for people, in order, and every sentence about a promise that was broken. */
export type ScenarioReport = { rows: [what: string, value: string | number][]; broken: string[] };

/** A scenario: which system it wants, and what it does with it. */
export type Scenario = {
  /** What `--size` counts. */
  sizeOf: string;
  size: number;
  /** For a look in a minute. */
  shortSize: number;
  redisOnly?: true;
  system: Partial<SystemOptions>;
  run(system: System, options: ScenarioOptions): Promise<ScenarioReport>;
};

/** A load of all channels at a steady rate, and an eye on what has not ended. */
export type SteadyLoad = Load & {
  outstanding(): number;
  /** Ends the load, waits until everything has ended and joins the books: every broken promise in words. */
  settle(): Promise<{ broken: string[]; handOvers: TakenHandOver[]; unknown: number }>;
};

export function startSteadyLoad(
  { pool, processes, tenants }: System,
  options: { seed: number; perSecond: number; mostOutstanding: number },
): SteadyLoad {
  const startedAt = performance.now();
  let goesOn = true;
  let outstanding = 0;
  const load = startLoad({
    seed: options.seed,
    messages: 0,
    tenants,
    ingressUrls: () => processes.of('ingress').map((one) => one.url),
    mayGoOn: (accepted) =>
      accepted < ((performance.now() - startedAt) / 1_000) * options.perSecond && outstanding < options.mostOutstanding,
    goesOn: () => goesOn,
  });
  const watch = keepLooking(async () => {
    ({ outstanding } = await countOutstanding(pool));
  });
  // The getters of a load are of the moment: a spread would freeze them.
  return Object.assign(Object.create(load) as Load, {
    outstanding: () => outstanding,
    async settle() {
      goesOn = false;
      await load.done;
      await Promise.all(processes.all.map((one) => one.whenUp()));
      await untilEnded(() => outstanding);
      await watch.stop();
      const provider = await readProviderLedgers(processes.ledgerPaths);
      const ledger = await readLedger(pool);
      const orgIds = tenants.map(({ caller }) => caller.tenant.orgId);
      const verdict = check({
        entries: load.entries,
        orgIds,
        ledger,
        provider,
        mostUnexplained: Number.POSITIVE_INFINITY,
        accountsMended: 0,
      });
      const broken = Object.entries(verdict.violations).map(
        ([rule, { count, examples }]) => `${rule}, ${count} times: ${examples.join('; ')}`,
      );
      const unknown = ledger.messages.filter(({ steps }) => steps.some((step) => step.state === 'unknown')).length;
      return { broken, handOvers: provider.handOvers, unknown };
    },
  });
}

/** When each accepted call was accepted, by the ledger. Keys are those of the load. */
export async function acceptedAt({ pool }: System, load: Load): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ id: string; at: Date }>(
    'SELECT execution_id AS id, accepted_at AS at FROM executions',
  );
  const instants = new Map(rows.map(({ id, at }) => [id, at.getTime()]));
  const times = new Map<string, number>();
  for (const { call, executionIds } of load.entries) {
    const [executionId] = executionIds;
    const at = executionId === undefined ? undefined : instants.get(executionId.replace(/^[A-Z]+-/, ''));
    if (at !== undefined) for (const { key } of call.recipients) times.set(key, at);
  }
  return times;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** The most that fell into any second, which begins with one of them. */
export function mostInAnySecond(instants: readonly number[]): number {
  const sorted = instants.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  sorted.forEach((at, place) => {
    while (sorted[first]! <= at - 1_000) first++;
    most = Math.max(most, place - first + 1);
  });
  return most;
}
