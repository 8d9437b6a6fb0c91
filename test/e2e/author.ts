import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { waitFor } from '@outrigger/testkit';
import type { TestStack } from './stack.ts';

type Json = Record<string, unknown>;
export type Channel = 'EMAIL' | 'SMS' | 'PUSH';
export type Ended = {
  messageId: string;
  state: string;
  code?: string;
  events: { state: string; code?: string; detail?: string; provider?: string; providerMessageId?: string }[];
};
export type Kept = { recipient: string; messageId: string; content: Json };

const ENDS = new Set(['sent', 'excluded', 'failed', 'expired', 'canceled']);
const NAMESPACE = { EMAIL: 'email', SMS: 'phone', PUSH: 'crm' };
const SETTINGS = {
  EMAIL: { from_email: 'shop@shop.example' },
  SMS: { sender: 'Shop' },
  PUSH: { app_id: 'example.shop', platforms: ['fcm', 'apns'] },
};

/** What somebody with the console does on a stack: configurations, campaigns, calls, and a look at what went out. */
export function author(stack: TestStack) {
  let made = 0;

  async function surface(channel: Channel, settings: Json = {}, more: Json = {}): Promise<string> {
    const { status, body } = await stack.call('control', 'POST', '/metadata/surfaces', {
      name: `${channel.toLowerCase()}-${++made}`,
      channel,
      category: 'Transactional',
      settings: { ...SETTINGS[channel], ...settings },
      ...more,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return String(body.surfaceId);
  }

  /** A live campaign of one action. */
  async function campaign(channel: Channel, surfaceId: string, content: Json, more: Json = {}): Promise<string> {
    const { action = {}, ...definition } = more as { action?: Json };
    const surfaceType = channel === 'PUSH' ? 'appConfigurationId' : 'brandingPresetId';
    const draft = await stack.call('control', 'POST', '/campaigns', {
      name: `campaign-${++made}`,
      category: 'Transactional',
      identityNamespace: NAMESPACE[channel],
      packages: [{ channel, attributes: { surface: { surfaceId, surfaceType } }, content, ...action }],
      ...definition,
    });
    assert.equal(draft.status, 201, JSON.stringify(draft.body));
    const live = await stack.call('control', 'POST', `/campaigns/${draft.body.campaignId}/publish`);
    assert.equal(live.status, 200, JSON.stringify(live.body));
    return String(draft.body.campaignId);
  }

  /** Triggers a campaign and waits until its messages have ended; they come in the order of the recipients. */
  async function send(campaignId: string, ...recipients: Json[]): Promise<Ended[]> {
    const answer = await stack.trigger({ requestId: randomUUID(), campaignId, recipients });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    return endedOf(answer.body.executionId);
  }

  async function endedOf(executionId: unknown): Promise<Ended[]> {
    return waitFor(`the messages of ${executionId} to end`, async () => {
      const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      const messages = body.messages as Ended[];
      return messages.every(({ state }) => ENDS.has(state)) ? messages : undefined;
    });
  }

  /** What the sandbox provider was given for a message. */
  async function kept(messageId: string): Promise<Kept[]> {
    const { body } = await stack.call('control', 'GET', `/sandbox/messages?messageId=${messageId}`);
    return body.data as Kept[];
  }

  return { surface, campaign, send, endedOf, kept };
}
