import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createIdAllocator, type Lane } from '@outrigger/core';
import { type AcceptItem, acceptGroup, type Pool } from '@outrigger/store';
import type { CampaignName, Tenant } from '../campaigns.ts';
import { readProviderLedgers } from '../provider/provider-ledger.ts';
import type { System } from '../system.ts';
import { inSeconds, quantile } from './scenario.ts';

/** The campaigns that a person waits for, by how they are called. */
export type Probed = Extract<CampaignName, 'code' | 'receipt' | 'alert'>;

const PATIENCE_MS = 120_000;
/** Messages in one execution of a backlog, and executions written together. */
const MEMBERS = 100;
const GROUP = 20;

/** A recipient of a campaign whose message carries this key. `number` makes a phone number of its own. */
function recipientOf(campaign: Probed, key: string, number: number) {
  const reached =
    campaign === 'code'
      ? { userId: `+46${700_000_000 + number}`, namespace: 'phone' }
      : { userId: `${key}@shop.example`, namespace: 'email' };
  return { type: 'external', ...reached, context: { key } };
}

/** Triggers single messages at a steady rate. Milliseconds from each call to its arrival at the provider. */
export async function probe(
  { processes }: System,
  wanted: { tenant: Tenant; campaign: Probed; count: number; perSecond: number; round: number },
): Promise<number[]> {
  const { tenant, campaign, count, perSecond, round } = wanted;
  const calledAt = new Map<string, number>();
  const { campaignId } = tenant.campaigns[campaign];
  const endpoint = campaign === 'alert' ? 'highthroughput' : 'unitary';
  const url = processes.of('ingress')[0]!.url;
  const calls: Promise<void>[] = [];
  for (let number = 0; number < count; number++) {
    const key = `c${round * 10_000 + number}r0`;
    const recipients = [recipientOf(campaign, key, round * 10_000 + number)];
    calledAt.set(key, Date.now());
    calls.push(
      fetch(`${url}/ajo/im/executions/${endpoint}`, {
        method: 'POST',
        headers: tenant.caller.headers,
        body: JSON.stringify({ requestId: randomUUID(), campaignId, recipients }),
      }).then(async (response) => {
        if (response.status !== 202)
          throw new Error(`a call was answered ${response.status}: ${await response.text()}`);
      }),
    );
    await delay(1_000 / perSecond);
  }
  await Promise.all(calls);
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const { handOvers } = await readProviderLedgers(processes.ledgerPaths);
    const times = handOvers.flatMap(({ key, atMs }) => (calledAt.has(key) ? [atMs - calledAt.get(key)!] : []));
    if (times.length >= count || performance.now() > until) return times;
    await delay(1_000);
  }
}

/**
 * Writes messages straight into the ledger, as the fan-out of an audience does: executions of a hundred in the lane. The janitor
 * puts their batches into the queue.
 */
export async function writeBacklog(
  pool: Pool,
  tenant: Tenant,
  { campaign, lane, messages, round = 0 }: { campaign: Probed; lane: Lane; messages: number; round?: number },
): Promise<void> {
  const { tenantId } = tenant.caller.tenant;
  const { campaignId } = tenant.campaigns[campaign];
  const { rows } = await pool.query<{ id: string }>(
    'SELECT version_id AS id FROM campaign_versions WHERE campaign_id = $1',
    [campaignId],
  );
  const ids = createIdAllocator(MEMBERS);
  for (let written = 0; written < messages; written += MEMBERS * GROUP) {
    const items = Array.from({ length: GROUP }, (_, place): AcceptItem => {
      const allocated = ids.take(`${tenantId} ${lane}`, MEMBERS);
      const execution = 1_000_000 + round * 100_000 + written / MEMBERS + place;
      const recipients = Array.from({ length: MEMBERS }, (_, member) =>
        recipientOf(campaign, `c${execution}r${member}`, 100_000_000 + written + place * MEMBERS + member),
      );
      return {
        requestKey: randomUUID(),
        fingerprint: randomUUID(),
        ...allocated,
        tenantId,
        endpoint: 'unitary',
        requestId: `backlog-${round}-${written}-${place}`,
        campaignId,
        versionId: rows[0]!.id,
        createdBy: tenant.caller.keyId,
        expiresAt: new Date(allocated.acceptedAt.getTime() + 24 * 60 * 60_000),
        lane,
        content: JSON.stringify({ recipients }),
      };
    });
    await acceptGroup(pool, items);
  }
  await pool.query("UPDATE batches SET enqueued_at = '-infinity' WHERE lane = $1 AND token IS NULL", [lane]);
}

export async function countBacklog(pool: Pool, lane: Lane): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'SELECT coalesce(sum(cardinality(message_ids)), 0)::int AS n FROM batches WHERE lane = $1',
    [lane],
  );
  return rows[0]!.n;
}

/** A comparison counts only while the backlog is being handed over: waits until `messages` of it have been. */
export async function untilBacklogFlows(pool: Pool, lane: Lane, messages: number): Promise<void> {
  const start = await countBacklog(pool, lane);
  const until = performance.now() + PATIENCE_MS;
  while ((await countBacklog(pool, lane)) > start - messages && performance.now() < until) await delay(250);
}

/** p50, p95, p99 and the longest, for people. */
export function inFour(times: readonly number[]): string {
  return [0.5, 0.95, 0.99, 1].map((share) => inSeconds(quantile(times, share))).join(' / ');
}
