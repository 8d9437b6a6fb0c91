import type { Tenant } from '../campaigns.ts';
import { countBacklog, inFour, probe, untilBacklogFlows, writeBacklog } from './probe.ts';
import { inSeconds, quantile, type Scenario } from './scenario.ts';

const ACCOUNT_RATE = 200;
const LANE = 'sms-bulk';
const PASSWORDS = 200;
const PASSWORDS_PER_SECOND = 5;

/** One-time passwords on an empty system, and then on one where `size` bulk messages of another tenant wait for the same account. */
export const priority: Scenario = {
  sizeOf: 'bulk messages waiting',
  size: 200_000,
  shortSize: 20_000,
  system: { calm: true, ratePerSecond: ACCOUNT_RATE },
  async run(system, { size, say }) {
    const [bulkTenant, caller] = system.tenants as [Tenant, Tenant];
    const passwords = (round: number) =>
      probe(system, { tenant: caller, campaign: 'code', count: PASSWORDS, perSecond: PASSWORDS_PER_SECOND, round });
    const empty = await passwords(1);
    say(`on an empty system: p99 ${inSeconds(quantile(empty, 0.99))}`);
    await writeBacklog(system.pool, bulkTenant, { campaign: 'code', lane: LANE, messages: size });
    await untilBacklogFlows(system.pool, LANE, ACCOUNT_RATE);
    const before = await countBacklog(system.pool, LANE);
    say(`${before} bulk messages wait, and flow`);
    const beside = await passwords(2);
    const after = await countBacklog(system.pool, LANE);
    const broken: string[] = [];
    for (const [when, times] of [
      ['on an empty system', empty],
      ['with bulk waiting', beside],
    ] as const) {
      if (times.length < PASSWORDS) broken.push(`${when} only ${times.length} of ${PASSWORDS} reached the provider`);
    }
    if (after === 0 || after >= before) broken.push(`bulk waiting went from ${before} to ${after}: it proves nothing`);
    if (quantile(beside, 0.99) > 5_000) broken.push(`p99 with bulk waiting: ${inSeconds(quantile(beside, 0.99))}`);
    return {
      broken,
      rows: [
        ['bulk messages waiting in lane sms-bulk, at the first and after the last password', `${before}, ${after}`],
        ['rate of the SMS account that both share', `${ACCOUNT_RATE} a second, used up by bulk`],
        [
          `${PASSWORDS} one-time passwords, ${PASSWORDS_PER_SECOND} a second, from call to provider`,
          'p50 / p95 / p99 / longest',
        ],
        ['on an empty system', inFour(empty)],
        ['with the bulk messages waiting', inFour(beside)],
      ],
    };
  },
};
