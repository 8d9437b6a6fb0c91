import { setTimeout as delay } from 'node:timers/promises';
import { controlCaller } from '@outrigger/chaos/campaigns';
import type { TestCaller } from '@outrigger/testkit/tenant';
import { readBooks } from '../books.ts';
import { latenciesBetween } from '../latencies.ts';
import { verifyLedger } from '../ledger.ts';
import { startProbes } from '../probes.ts';
import { queueBytes } from '../queue-bytes.ts';
import { saturate } from '../saturate.ts';
import { findScenario } from '../scenarios.ts';
import type { Figure, Special, SpecialOptions, SpecialResult } from '../special.ts';
import { startSystem } from '../system.ts';
import { makeCampaign, makeTenant, readCampaign } from '../tenant.ts';
import { acceptedExecutions, verifyHandOvers } from '../verify.ts';
import { measureWindow } from '../window.ts';
import { storeBacklog } from './store-backlog.ts';

const DEFAULT_SIZE = 1_000_000;
/** Bulk messages have numbers far above those of the load. */
const FIRST_BULK_NUMBER = 10_000_000;
const OTP_PER_SECOND = 50;
/** The bulk drains for so long before one-time passwords are measured. */
const BULK_HEAD_START_SECONDS = 3;
const LAST_ANSWERS_MS = 4_000;

/**
 * A million bulk text messages wait. What do they cost the queue store; is other traffic slower for them; and, once their worker
 * runs and sends them as fast as it can, how long does a one-time password of the same channel and tenant take?
 */
export const backlogSpecial: Special = {
  name: 'backlog',
  title: 'a million bulk messages waiting: what they cost, and one-time passwords past them',
  run: runBacklog,
};

async function runBacklog(options: SpecialOptions): Promise<SpecialResult> {
  const { say, seconds } = options;
  const size = options.size ?? DEFAULT_SIZE;
  const email = findScenario('ht-email-1')!;
  const sms = findScenario('sms')!;
  const probes = await startProbes(options.profileFolder);
  let caller: TestCaller | undefined;
  const system = await startSystem(email, { ...options, providerUrl: probes.provider.url }, async (pool) => {
    caller = await makeTenant(pool);
  });
  try {
    const { pool, stores, ingress } = system;
    const { load } = probes;
    const control = controlCaller(system.controlUrl, 60_000);
    const emailCalls = await makeCampaign(email, caller!, control);
    const smsCalls = await makeCampaign(sms, caller!, control);
    say('high-throughput email with nothing waiting');
    // Twice as long to warm up: the second measurement finds everything compiled.
    const empty = await saturate(probes, system, emailCalls, { ...options, warmUpSeconds: 2 * options.warmUpSeconds });

    const bytesBefore = await queueBytes(stores, pool);
    const bulk = await storeBacklog(pool, {
      ...stores,
      tenantId: caller!.tenant.tenantId,
      ...(await readCampaign(pool, smsCalls)),
      count: size,
      firstNumber: FIRST_BULK_NUMBER,
      say,
    });
    const queueBytesEach = ((await queueBytes(stores, pool)) - bytesBefore) / size;
    say(`the same with ${size} messages waiting`);
    const behind = await saturate(probes, system, emailCalls, options);

    await system.startWorker('sms-worker');
    await delay(BULK_HEAD_START_SECONDS * 1_000);
    say('one-time passwords while the bulk goes out');
    load.send({ kind: 'plan', port: ingress.port, calls: smsCalls });
    load.send({ kind: 'pace', callsPerSecond: OTP_PER_SECOND });
    await delay(2_000);
    const passing = await measureWindow(probes, [...system.groups, ...probes.groups], seconds);
    load.send({ kind: 'pause' });
    await delay(LAST_ANSWERS_MS);
    await system.stopServices();

    const { calls, account, problems } = await readBooks(probes, options.folder);
    const verification = verifyHandOvers(calls, account.times, 1, FIRST_BULK_NUMBER);
    const ledger = await verifyLedger(pool, { executions: acceptedExecutions(calls), recipientsPerCall: 1 }, bulk);
    const { accept, callToProvider } = latenciesBetween(passing.fromMs, passing.untilMs, calls, account, 1);
    const figures: Figure[] = [
      {
        name: 'one-time password, call to provider p99',
        value: callToProvider.p99,
        unit: 'ms',
        goal: 250,
        better: 'lower',
      },
      { name: 'the same, p50', value: callToProvider.p50, unit: 'ms', better: 'lower' },
      { name: 'accept p99 meanwhile', value: accept.p99, unit: 'ms', better: 'lower' },
      { name: 'bulk messages sent meanwhile', value: passing.messagesPerSecond, unit: '/s', better: 'higher' },
      { name: 'queue store, each waiting message', value: queueBytesEach, unit: 'bytes', goal: 60, better: 'lower' },
      {
        name: 'CPU of an email with them waiting, to without',
        value: behind.totalCpuUs / empty.totalCpuUs,
        unit: '',
        goal: 1.1,
        better: 'lower',
      },
      { name: 'CPU of an email, nothing waiting', value: empty.totalCpuUs, unit: 'us', better: 'lower' },
      { name: 'top rate of email, nothing waiting', value: empty.messagesPerSecond, unit: '/s', better: 'higher' },
      { name: 'top rate of email with them waiting', value: behind.messagesPerSecond, unit: '/s', better: 'higher' },
    ];
    return {
      figures,
      problems: [...problems.map((problem) => `provider: ${problem}`), ...verification.problems, ...ledger],
      versions: { node: process.version, ...stores.versions },
    };
  } finally {
    await system.stop();
    await probes.stop();
  }
}
