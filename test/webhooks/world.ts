import { randomUUID } from 'node:crypto';
import { resolveEmailTargets } from '@outrigger/channel-email';
import type { Outcome } from '@outrigger/core';
import { startNotifier } from '@outrigger/pipeline';
import { createLog, type Part } from '@outrigger/runtime';
import {
  acceptGroup,
  claimBatches,
  createWebhook,
  inTransaction,
  type Pool,
  recordFeedback,
  recordOutcomes,
  type WebhookSettings,
} from '@outrigger/store';
import { waitFor } from '@outrigger/testkit';
import { callFor, createLiveCampaign } from '../../packages/store/test/fixtures.ts';
import {
  type ScriptedReply,
  type ScriptedRequest,
  startScriptedServer,
} from '../../packages/testkit/src/scripted-server.ts';

export const SECRET = 'whsec_c2VjcmV0LW9mLXRoZS1zaG9wLXRoYXQtaXMtbG9uZw==';

/** A customer's receiver on a real socket; `reply` decides each answer, with the number of posts of the same event so far. */
export async function startReceiver(reply: (post: ScriptedRequest, times: number) => ScriptedReply | undefined) {
  const times = new Map<string, number>();
  const server = await startScriptedServer((post) => {
    const id = String(post.headers['x-webhook-id']);
    times.set(id, (times.get(id) ?? 0) + 1);
    return reply(post, times.get(id)!) ?? { status: 200, body: 'ok' };
  });
  const events = () => server.requests.map((post) => JSON.parse(post.body.toString()));
  return {
    ...server,
    events,
    statuses: () => events().map((event) => event.messageDeliveryFeedback.feedbackStatus.value as string),
    ids: () => server.requests.map((post) => String(post.headers['x-webhook-id'])),
    arrived: (count: number) => waitFor(`${count} posts`, () => server.requests.length >= count),
  };
}

/** The notifier in this process, where receivers live on loopback; its log lines are kept. */
export function tellHere(
  pool: Pool,
  options: { postTimeoutMs?: number; allowInsecure?: boolean } = {},
): Part & { lines: string[] } {
  const lines: string[] = [];
  const log = createLog('test', 'silent');
  const keep = (fields: unknown) => void lines.push(JSON.stringify(fields));
  const part = startNotifier({
    pool,
    log: Object.assign(Object.create(log), { warn: keep, error: keep }),
    allowInsecure: true,
    resolveAddress: {
      email(input) {
        const found = resolveEmailTargets(input);
        return 'targets' in found ? found.targets[0]?.address : undefined;
      },
      sms: ({ recipient }) => recipient.userId,
    },
    ...options,
  });
  return { ...part, lines };
}

type Options = { enabled?: boolean; lane?: 'email' | 'sms' | 'email-ht'; settings?: Partial<WebhookSettings> };

/** A tenant with a live campaign, and its webhook when there is an address for it. */
export async function createTold(pool: Pool, url: string | undefined, options: Options = {}) {
  const { enabled = true, lane = 'email', settings = {} } = options;
  const campaign = await createLiveCampaign(pool);
  const { tenantId } = campaign;
  const definition = {
    enable_webhooks: enabled,
    channel: lane === 'sms' ? 'sms' : 'email',
    category: 'transactional',
    high_throughput: lane === 'email-ht',
  };
  await pool.query('UPDATE campaign_versions SET definition = definition || $2 WHERE version_id = $1', [
    campaign.versionId,
    definition,
  ]);
  const webhook: WebhookSettings = {
    ...{ name: 'Shop', url: url ?? '', channels: ['email', 'sms'], events: ['sent', 'delivered', 'bounce', 'error'] },
    ...{ authentication: 'hmac', secret: SECRET, headers: {}, ...settings },
  };
  if (url !== undefined) await createWebhook(pool, tenantId, webhook, 'test');

  async function accept(recipients = 1) {
    const call = callFor(campaign, recipients, { lane });
    await acceptGroup(pool, [call]);
    return call;
  }
  /** Records one outcome for all messages of a call, as a worker does. */
  async function record(messageIds: string[], outcome: Outcome, extra: object = {}) {
    const { rows } = await pool.query('SELECT batch_id, pass FROM batches WHERE message_ids && $1::uuid[]', [
      messageIds,
    ]);
    const fence = { batchId: rows[0].batch_id as string, token: randomUUID() };
    await claimBatches(pool, [fence], 'worker', 60_000);
    const items = messageIds.map((messageId) => ({
      ...fence,
      messageId,
      tenantId,
      outcome,
      provider: 'ses',
      pass: rows[0].pass,
      ...extra,
    }));
    await recordOutcomes(pool, items);
  }
  return {
    ...campaign,
    accept,
    record,
    /** Accepts a call and ends its messages in this way. */
    async ended(outcome: Outcome, recipients = 1, extra: object = {}) {
      const call = await accept(recipients);
      await record(call.messageIds, outcome, extra);
      return call;
    },
    async reported(
      messageId: string,
      fact: 'delivered' | 'bounced' | 'complained' | 'delayed',
      more: { class?: 'hard' | 'soft'; at?: Date } = {},
    ) {
      const at = more.at ?? new Date();
      const code = more.class === 'hard' ? ({ code: '10' } as const) : {};
      const feedback = { of: { messageId }, fact, statedAt: at, concernsAddress: false, ...code };
      const item = {
        feedback,
        class: more.class ?? ('' as const),
        provider: 'ses',
        account: 'ses',
        sourceId: randomUUID(),
        receivedAt: at,
      };
      await inTransaction(pool, (client) => recordFeedback(client, [item]));
    },
    /** What waits is due now, and a paused endpoint is tried. */
    async hurry() {
      await pool.query('UPDATE webhooks SET paused_until = NULL WHERE tenant_id = $1', [tenantId]);
      await pool.query('UPDATE webhook_retries SET due_at = now() WHERE tenant_id = $1', [tenantId]);
    },
    async standing() {
      const { rows } = await pool.query('SELECT * FROM webhooks WHERE tenant_id = $1', [tenantId]);
      return rows[0];
    },
    async retries() {
      const { rows } = await pool.query('SELECT * FROM webhook_retries WHERE tenant_id = $1 ORDER BY event_id', [
        tenantId,
      ]);
      return rows;
    },
  };
}

export const SENT = { state: 'sent', providerMessageId: '0100-ses' } as const;
