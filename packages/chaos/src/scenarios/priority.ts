import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createIdAllocator } from '@outrigger/core';
import { type AcceptItem, acceptGroup, type Pool } from '@outrigger/store';
import type { Tenant } from '../campaigns.ts';
import { readProviderLedgers } from '../provider/provider-ledger.ts';
import type { System } from '../system.ts';
import { inSeconds, quantile, type Scenario } from './scenario.ts';

const ACCOUNT_RATE = 200;
const PASSWORDS = 200;
const PASSWORDS_PER_SECOND = 5;
/** Audience members in one execution of the bulk lane, and executions written together. */
const MEMBERS = 100;
const GROUP = 20;
const BULK_PATIENCE_MS = 120_000;

/** One-time passwords on an empty system, and then on one where `size` bulk messages of another tenant wait for the same account. */
export const priority: Scenario = {
  sizeOf: 'bulk messages waiting',
  size: 200_000,
  shortSize: 20_000,
  system: { calm: true, ratePerSecond: ACCOUNT_RATE },
  async run(system, { size, say }) {
    const [bulkTenant, caller] = system.tenants as [Tenant, Tenant];
    const empty = await passwords(system, caller, 1);
    say(`on an empty system: p99 ${inSeconds(quantile(empty, 0.99))}`);
    await writeBulk(system.pool, bulkTenant, size);
    await untilBulkFlows(system);
    const before = await bulkWaiting(system.pool);
    say(`${before} bulk messages wait, and flow`);
    const beside = await passwords(system, caller, 2);
    const after = await bulkWaiting(system.pool);
    const broken: string[] = [];
    for (const [when, times] of [
      ['on an empty system', empty],
      ['with bulk waiting', beside],
    ] as const) {
      if (times.length < PASSWORDS) broken.push(`${when} only ${times.length} of ${PASSWORDS} reached the provider`);
    }
    if (after === 0 || after >= before) broken.push(`bulk waiting went from ${before} to ${after}: it proves nothing`);
    if (quantile(beside, 0.99) > 5_000) broken.push(`p99 with bulk waiting: ${inSeconds(quantile(beside, 0.99))}`);
    const line = (times: number[]) =>
      [0.5, 0.95, 0.99, 1].map((share) => inSeconds(quantile(times, share))).join(' / ');
    return {
      broken,
      rows: [
        ['bulk messages waiting in lane sms-bulk, at the first and after the last password', `${before}, ${after}`],
        ['rate of the SMS account that both share', `${ACCOUNT_RATE} a second, used up by bulk`],
        [
          `${PASSWORDS} one-time passwords, ${PASSWORDS_PER_SECOND} a second, from call to provider`,
          'p50 / p95 / p99 / longest',
        ],
        ['on an empty system', line(empty)],
        ['with the bulk messages waiting', line(beside)],
      ],
    };
  },
};

/** Triggers one-time passwords at a steady rate. Milliseconds from each call to its arrival at the provider. */
async function passwords({ processes, tenants }: System, tenant: Tenant, round: number): Promise<number[]> {
  const calledAt = new Map<string, number>();
  const { campaignId } = tenant.campaigns.code;
  const url = processes.of('ingress')[0]!.url;
  const calls: Promise<void>[] = [];
  for (let number = 0; number < PASSWORDS; number++) {
    const key = `c${round * 10_000 + number}r0`;
    const userId = `+46${700_000_000 + round * 10_000 + number}`;
    const recipients = [{ type: 'external', userId, namespace: 'phone', context: { key } }];
    calledAt.set(key, Date.now());
    calls.push(
      fetch(`${url}/ajo/im/executions/unitary`, {
        method: 'POST',
        headers: tenants[tenants.indexOf(tenant)]!.caller.headers,
        body: JSON.stringify({ requestId: randomUUID(), campaignId, recipients }),
      }).then(async (response) => {
        if (response.status !== 202)
          throw new Error(`a one-time password was answered ${response.status}: ${await response.text()}`);
      }),
    );
    await delay(1_000 / PASSWORDS_PER_SECOND);
  }
  await Promise.all(calls);
  const until = performance.now() + BULK_PATIENCE_MS;
  for (;;) {
    const { handOvers } = await readProviderLedgers(processes.ledgerPaths);
    const times = handOvers.flatMap(({ key, atMs }) => (calledAt.has(key) ? [atMs - calledAt.get(key)!] : []));
    if (times.length >= PASSWORDS || performance.now() > until) return times;
    await delay(1_000);
  }
}

/**
 * Writes bulk messages straight into the ledger, as the fan-out of an audience does: executions of a hundred members in the bulk
 * lane. The janitor puts their batches into the queue.
 */
async function writeBulk(pool: Pool, tenant: Tenant, messages: number): Promise<void> {
  const { tenantId } = tenant.caller.tenant;
  const { campaignId } = tenant.campaigns.code;
  const { rows } = await pool.query<{ id: string }>(
    'SELECT version_id AS id FROM campaign_versions WHERE campaign_id = $1',
    [campaignId],
  );
  const ids = createIdAllocator(MEMBERS);
  for (let written = 0; written < messages; written += MEMBERS * GROUP) {
    const items = Array.from({ length: GROUP }, (_, place): AcceptItem => {
      const allocated = ids.take(`${tenantId} sms-bulk`, MEMBERS);
      const requestId = `bulk-${written}-${place}`;
      const recipients = Array.from({ length: MEMBERS }, (_, member) => ({
        type: 'external',
        userId: `+46${800_000_000 + written + place * MEMBERS + member}`,
        namespace: 'phone',
        context: { key: `c${1_000_000 + written / MEMBERS + place}r${member}` },
      }));
      return {
        requestKey: randomUUID(),
        fingerprint: randomUUID(),
        ...allocated,
        tenantId,
        endpoint: 'unitary',
        requestId,
        campaignId,
        versionId: rows[0]!.id,
        createdBy: tenant.caller.keyId,
        expiresAt: new Date(allocated.acceptedAt.getTime() + 24 * 60 * 60_000),
        lane: 'sms-bulk',
        content: JSON.stringify({ recipients }),
      };
    });
    await acceptGroup(pool, items);
  }
  await pool.query("UPDATE batches SET enqueued_at = '-infinity' WHERE lane = 'sms-bulk'");
}

async function bulkWaiting(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT coalesce(sum(cardinality(message_ids)), 0)::int AS n FROM batches WHERE lane = 'sms-bulk'",
  );
  return rows[0]!.n;
}

/** The comparison counts only while the bulk messages are being handed over. */
async function untilBulkFlows({ pool }: System): Promise<void> {
  const start = await bulkWaiting(pool);
  const until = performance.now() + BULK_PATIENCE_MS;
  while ((await bulkWaiting(pool)) > start - ACCOUNT_RATE && performance.now() < until) await delay(250);
}
