import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { suppress } from '@outrigger/store';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { createDemo, type LiveDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const LISTS = '/ajo/config/suppression';

type Gate = { gate: string; found: string; code?: string; reason?: string };
type Message = { messageId: string; state: string; code?: string; reason?: string; gates: Gate[] };

describe('the lists decide who gets mail, at once', () => {
  let stack: TestStack;
  let demo: LiveDemo;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    demo = await createDemo(stack, 'order');
  });
  after(() => stack.stop());

  async function lists(method: string, path: string, body?: unknown): Promise<number> {
    const response = await fetch(`${stack.services.get('control')!.url}${LISTS}${path}`, {
      method,
      headers: stack.caller.headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.status;
  }
  const add = (type: 'client' | 'allowed', kind: 'email' | 'domain', entityValue: string) =>
    lists('POST', `/${kind === 'email' ? 'addresses' : 'domains'}?type=${type}`, [
      { entity: { type: kind, entityValue } },
    ]);

  /** Sends to an address and tells how it ended and why. */
  async function outcome(userId: string, campaign: LiveDemo = demo): Promise<Message> {
    const { campaignId, recipient } = campaign;
    const call = { requestId: randomUUID(), campaignId, recipients: [{ ...recipient, userId }] };
    const { body } = await stack.trigger(call);
    const message = await waitFor(`${userId} to end`, async () => {
      const account = await stack.call('ingress', 'GET', `/ajo/im/executions/${body.executionId}`);
      const [one] = account.body.messages as Message[];
      return ['sent', 'excluded', 'failed'].includes(one!.state) ? one : undefined;
    });
    const alone = await stack.call('ingress', 'GET', `/ajo/im/messages/${message.messageId}`);
    const { executionId, requestId, campaignId: of, versionId: _, ...account } = alone.body;
    assert.deepEqual([executionId, requestId, of], [body.executionId, call.requestId, campaignId]);
    assert.deepEqual(account, message, 'a message by itself is the message of its execution');
    return message;
  }
  const findings = (message: Message) => Object.fromEntries(message.gates.map((gate) => [gate.gate, gate.found]));

  test('a suppressed address, a suppressed domain, and back again (F088, F089)', async () => {
    await add('client', 'email', 'gone@shop.example');
    const excluded = await outcome('Gone@shop.example');
    assert.deepEqual([excluded.state, excluded.code, excluded.reason], ['excluded', '050102', 'EmailSuppressed']);
    assert.deepEqual(findings(excluded), {
      campaign: 'passed',
      deadline: 'passed',
      brake: 'passed',
      address: 'passed',
      suppression_list: 'stopped',
      allowed_list: 'not_reached',
      consent: 'not_asked',
      content: 'not_reached',
      holdout: 'not_reached',
      attachments: 'not_reached',
      provider: 'not_reached',
    });
    assert.ok(!JSON.stringify(excluded).toLowerCase().includes('gone@shop'), 'no address in an explanation');
    assert.equal(await lists('DELETE', '/addresses/gone@shop.example'), 204);
    const sent = await outcome('gone@shop.example');
    assert.equal(sent.state, 'sent');
    assert.equal(findings(sent).provider, 'passed');

    await add('client', 'domain', 'closed.example');
    assert.equal((await outcome('anybody@closed.example')).code, '050105');
  });

  test('an allowed list in force: empty nothing leaves, then only what is on it, and suppressed wins (F091)', async () => {
    assert.equal(await lists('PUT', '/allowed-list', { active: true }), 200);
    const stopped = await outcome('astrid@shop.example');
    assert.deepEqual([stopped.code, stopped.reason], ['050103', 'EmailNotAllowed']);
    await add('allowed', 'domain', 'shop.example');
    assert.equal((await outcome('astrid@shop.example')).state, 'sent');
    const other = await outcome('astrid@other.example');
    assert.deepEqual([other.code, other.reason], ['050106', 'DomainNotAllowed']);
    await add('allowed', 'domain', 'closed.example');
    assert.equal((await outcome('anybody@closed.example')).code, '050105');
    // Text messages and push have no such lists.
    assert.equal((await outcome('+46701234567', await createDemo(stack, 'password'))).state, 'sent');
    assert.equal(await lists('PUT', '/allowed-list', { active: false }), 200);
    assert.equal((await outcome('astrid@other.example')).state, 'sent');
  });

  test('who complained gets receipts where the configuration says so; whose address bounced does not (F092)', async () => {
    for (const [entityValue, comment] of [
      ['angry@shop.example', 'Spam Complaint'],
      ['bounced@shop.example', 'Invalid Recipient'],
    ] as const) {
      const listed = { entityType: 'email', suppressedType: 'HARD', suppressedBy: 'feedback' } as const;
      await suppress(stack.pool, stack.caller.tenant.tenantId, { ...listed, entityValue, comment });
    }
    assert.equal((await outcome('angry@shop.example')).code, '050102');
    const lifting = await createDemo(stack, 'order', { publish: false });
    await stack.pool.query(
      `UPDATE channel_configurations SET settings = settings || '{"send_to_complained": true}' WHERE channel = 'email'`,
    );
    const published = await stack.call('control', 'POST', `/campaigns/${lifting.campaignId}/publish`);
    assert.equal(published.status, 200);
    assert.equal((await outcome('angry@shop.example', lifting)).state, 'sent');
    assert.equal((await outcome('bounced@shop.example', lifting)).code, '050102');
  });

  test('another sandbox sees neither the message nor its explanation', async () => {
    const message = await outcome('astrid@shop.example');
    const other = { ...stack.caller, headers: { ...stack.caller.headers, 'x-sandbox-name': 'other' } };
    assert.equal(
      (await stack.call('ingress', 'GET', `/ajo/im/messages/${message.messageId}`, undefined, other)).status,
      403,
    );
    const unknown = await stack.call('ingress', 'GET', `/ajo/im/messages/${randomUUID()}`);
    assert.match(String(unknown.body.type), /MSG-000404-404$/);
  });
});
