import { setTimeout as delay } from 'node:timers/promises';
import type { Lane } from '@outrigger/core';
import type { Tenant } from '../campaigns.ts';
import { countBacklog, inFour, type Probed, probe, untilBacklogFlows, writeBacklog } from './probe.ts';
import { inSeconds, quantile, type Scenario } from './scenario.ts';

const ACCOUNT_RATE = 200;
const PER_SECOND = 5;
/** The flood lasts while the single messages are sent: they take `size / ACCOUNT_RATE` seconds of it at most, and some are spare. */
const FLOOD_PER_PROBE = (ACCOUNT_RATE / PER_SECOND) * 1.5;
const MOST_P99_MS = 3_000;

type Kind = { name: string; campaign: Probed; lane: Lane };
const STANDARD: Kind = { name: 'standard', campaign: 'receipt', lane: 'email' };
const HIGH_THROUGHPUT: Kind = { name: 'high throughput', campaign: 'alert', lane: 'email-ht' };

/**
 * F048: single emails of one class while the other class floods the account that both share and uses up its rate; and the other way
 * round. Both floods are of another tenant, and written into the ledger, so that their acceptance takes no time from the calls.
 */
export const flood: Scenario = {
  sizeOf: 'messages of each flood',
  size: 10_000,
  shortSize: 4_000,
  system: { calm: true, ratePerSecond: ACCOUNT_RATE },
  async run(system, { size, say }) {
    const [floodTenant, caller] = system.tenants as [Tenant, Tenant];
    const { pool } = system;
    const count = Math.floor(size / FLOOD_PER_PROBE);
    const broken: string[] = [];
    const probeOf = ({ campaign }: Kind, round: number) =>
      probe(system, { tenant: caller, campaign, count, perSecond: PER_SECOND, round });

    async function beside(probed: Kind, flooding: Kind, round: number): Promise<{ times: number[]; waited: string }> {
      await writeBacklog(pool, floodTenant, {
        campaign: flooding.campaign,
        lane: flooding.lane,
        messages: size,
        round,
      });
      await untilBacklogFlows(pool, flooding.lane, ACCOUNT_RATE);
      const before = await countBacklog(pool, flooding.lane);
      const times = await probeOf(probed, round);
      const after = await countBacklog(pool, flooding.lane);
      if (after === 0 || after >= before) broken.push(`${flooding.name} waiting went from ${before} to ${after}`);
      while ((await countBacklog(pool, flooding.lane)) > 0) await delay(250);
      say(`${probed.name} beside a flood of ${flooding.name}: ${inFour(times)}`);
      return { times, waited: `${before}, ${after}` };
    }

    const [standard, ht] = await Promise.all([probeOf(STANDARD, 1), probeOf(HIGH_THROUGHPUT, 2)]);
    say(`on an empty system: ${inFour(standard)}; ${inFour(ht)}`);
    const besideHt = await beside(STANDARD, HIGH_THROUGHPUT, 3);
    const besideStandard = await beside(HIGH_THROUGHPUT, STANDARD, 4);
    for (const [what, times] of [
      ['standard on an empty system', standard],
      ['high throughput on an empty system', ht],
      ['standard beside high throughput', besideHt.times],
      ['high throughput beside standard', besideStandard.times],
    ] as const) {
      if (times.length < count) broken.push(`${what}: only ${times.length} of ${count} reached the provider`);
      const p99 = quantile(times, 0.99);
      if (p99 > MOST_P99_MS) broken.push(`${what}: p99 ${inSeconds(p99)}`);
    }
    return {
      broken,
      rows: [
        ['rate of the email account that all share', `${ACCOUNT_RATE} a second, used up by the flood`],
        [`${count} single emails, ${PER_SECOND} a second, from call to provider`, 'p50 / p95 / p99 / longest'],
        ['standard, on an empty system', inFour(standard)],
        ['standard, beside the flood of high throughput', inFour(besideHt.times)],
        ['high throughput waiting, at the first and after the last of them', besideHt.waited],
        ['high throughput, on an empty system', inFour(ht)],
        ['high throughput, beside the flood of standard', inFour(besideStandard.times)],
        ['standard waiting, at the first and after the last of them', besideStandard.waited],
      ],
    };
  },
};
