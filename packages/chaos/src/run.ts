import { setTimeout as delay } from 'node:timers/promises';
import { openQueueStore } from '@outrigger/queue';
import { stopCampaigns } from './campaigns.ts';
import { check, type Verdict } from './check.ts';
import { countOutstanding, readLedger } from './ledger-reader.ts';
import { startLoad } from './load.ts';
import { type FaultCount, type Nemesis, startNemesis } from './nemesis.ts';
import { TIMING } from './processes.ts';
import { reportProgress } from './progress.ts';
import { readProviderLedgers } from './provider/provider-ledger.ts';
import { createRandom } from './random.ts';
import { createRecovery } from './recovery.ts';
import { type System, type SystemOptions, secondsSince, withSystem } from './system.ts';
import { keepLooking, untilEnded, untilReportsAreRead } from './waiting.ts';

export type RunOptions = SystemOptions & {
  messages: number;
  kills: number;
  gapMs: number;
  /** Only these faults, each once at least; all of them when there is no list. */
  faults?: readonly string[];
};

export type RunResult = {
  verdict: Verdict;
  acceptedCalls: number;
  acceptedMessages: number;
  answers: Record<string, number>;
  faults: Record<string, FaultCount>;
  kills: number;
  faultFailures: string[];
  /** Deaths that no fault explains. */
  unaskedDeaths: Record<string, Record<string, number>>;
  events: Record<string, number>;
  recovery: Record<string, { count: number; medianS: number; longestS: number }>;
  seconds: { load: number; untilAllEnded: number; total: number };
  versions: Record<string, string>;
};

/**
 * Accepting is held back beyond this many unended messages, so that faults and deliveries go on side by side: long queues
 * and short ones in turn, because a queue's worst is different in each.
 */
const MOST_OUTSTANDING = { long: 6_000, short: 300 };
const TURN_MS = 10_000;
/** With fewer than this the system would be idle: the load never waits then. */
const TRICKLE = 100;

/** One whole run: start everything, load and hurt it, wait until all has ended, and join the three books. */
export async function runChaos(options: RunOptions): Promise<RunResult> {
  const startedAt = performance.now();
  const outcome = await withSystem(options, async (system) => {
    const result = await loadAndHurt(options, system);
    // In order, so that what is wrong with stopping shows.
    await system.processes.stop();
    return result;
  });
  return { ...outcome, seconds: { ...outcome.seconds, total: secondsSince(startedAt) } };
}

async function loadAndHurt(
  options: RunOptions,
  { pool, stores, processes, tenants, control }: System,
): Promise<RunResult> {
  const { seed, messages, kills, say } = options;
  const queueStore = await openQueueStore({
    queueUrl: stores.queueUrl,
    databaseUrl: stores.databaseUrl,
    prefix: 'outrigger',
  });
  const recovery = createRecovery();
  const startedAt = performance.now();
  let outstanding = 0;
  let unknown = 0;
  let nemesis: Nemesis | undefined;
  const load = startLoad({
    seed,
    messages,
    tenants,
    ingressUrls: () => processes.of('ingress').map((one) => one.url),
    mayGoOn: (accepted) =>
      outstanding < TRICKLE ||
      (outstanding < mostOutstanding() && accepted / messages < (nemesis?.progress ?? 0) * 0.9 + 0.1),
    goesOn: () => (nemesis?.progress ?? 0) < 1,
  });
  nemesis = startNemesis(
    {
      processes,
      stores,
      pool,
      queueStore,
      random: createRandom(seed, 'nemesis'),
      recovery,
    },
    {
      kills,
      gapMs: options.gapMs,
      ...(options.faults && { only: options.faults }),
      mayGoOn: (progress) => load.finished || progress < load.acceptedMessages / messages + 0.05,
    },
  );
  const stopped = (async () => {
    while (load.acceptedMessages < messages / 2) await delay(100);
    await stopCampaigns(tenants, control);
  })();
  const progress = reportProgress({ say, load, nemesis, outstanding: () => outstanding, unknown: () => unknown });
  const watch = keepLooking(async () => {
    ({ outstanding, unknown } = await countOutstanding(pool));
    await recovery.look(pool);
  });
  await Promise.all([load.done, nemesis.done]);
  await stopped;
  const loadS = secondsSince(startedAt);
  say(`load and faults are over after ${loadS} s; waiting until everything has ended`);
  const drainAt = performance.now();
  await Promise.all(processes.all.map((one) => one.whenUp()));
  await untilEnded(() => outstanding);
  const drainS = secondsSince(drainAt);
  progress.stop();
  await watch.stop();
  await queueStore.close();

  const provider = await readProviderLedgers(processes.ledgerPaths);
  // What was reported is on disk by then; what it says is in the ledger when it has been read.
  await untilReportsAreRead(pool);
  const ledger = await readLedger(pool);
  const orgIds = tenants.map(({ caller }) => caller.tenant.orgId);
  const mostUnexplained = mostCutOff(nemesis);
  const events = sumOf(processes.all.map((one) => one.events));
  const accountsMended = events['account.lost'] ?? 0;
  return {
    verdict: check({ entries: load.entries, orgIds, ledger, provider, mostUnexplained, accountsMended }),
    acceptedCalls: load.acceptedCalls,
    acceptedMessages: load.acceptedMessages,
    answers: sumOf(load.entries.map((entry) => entry.answers)),
    faults: Object.fromEntries(nemesis.counts),
    kills: nemesis.kills,
    faultFailures: nemesis.failures,
    unaskedDeaths: Object.fromEntries(processes.all.map((one) => [one.name, tally(one.unasked)])),
    events,
    recovery: recovery.summary(),
    seconds: { load: loadS, untilAllEnded: drainS, total: 0 },
    versions: { node: process.version, ...stores.versions },
  };
}

function mostOutstanding(): number {
  return MOST_OUTSTANDING[performance.now() % (2 * TURN_MS) < TURN_MS ? 'long' : 'short'];
}

/** Calls that a fault may have cut off in the middle: what a worker or a provider can have had in hand at that moment. */
function mostCutOff(nemesis: Nemesis): number {
  const inHand = 2 * TIMING.LANE_CONCURRENCY * TIMING.SEND_CONCURRENCY;
  let sum = 0;
  for (const [name, { started, killed }] of nemesis.counts) {
    if (/email-worker|sms-worker|push-worker/.test(name)) sum += started * inHand;
    // A provider that stands still cuts calls off for as long as it does; everything at once is all workers.
    else if (/provider/.test(name)) sum += started * 4 * inHand;
    else if (name === 'kill everything') sum += killed * inHand;
  }
  return sum;
}

function tally(words: string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}

function sumOf(counts: Map<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of counts) for (const [name, count] of one) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
