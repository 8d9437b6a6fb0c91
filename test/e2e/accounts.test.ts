import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { findFreePort, openTestLedger, waitFor } from '@outrigger/testkit';
import { createDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

type Message = { messageId: string; state: string; events: { state: string; code?: string; provider?: string }[] };

describe('several provider accounts, and rates', () => {
  let stack: TestStack;
  before(async () => {
    stack = await startStack(ledger, 'postgres');
  });
  after(() => stack.stop());

  async function messagesOf(executionId: unknown): Promise<Message[]> {
    return (await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`)).body.messages as Message[];
  }

  async function restartEmailWorker(accounts: object[]): Promise<void> {
    await stack.services.get('email-worker')!.stop();
    await stack.start('email-worker', { EMAIL_ACCOUNTS: JSON.stringify(accounts) });
  }

  test('an account that cannot be reached is left for the next one, and the account of a message says who took it', async () => {
    const closed = await findFreePort();
    await restartEmailWorker([
      { name: 'smtp-main', EMAIL_PROVIDER: 'smtp', SMTP_HOST: '127.0.0.1', SMTP_PORT: closed },
      { name: 'backup', EMAIL_PROVIDER: 'sandbox' },
    ]);
    const demo = await createDemo(stack, 'order');
    const answer = await stack.trigger({
      requestId: randomUUID(),
      campaignId: demo.campaignId,
      recipients: [demo.recipient],
    });
    const [message] = await waitFor('the message to be sent', async () => {
      const messages = await messagesOf(answer.body.executionId);
      return messages[0]!.state === 'sent' && messages;
    });
    assert.equal(message!.events.at(-1)!.provider, 'backup');
  });

  test('F037: with its only account down a message waits without using up attempts, and goes out when there is one again', async () => {
    const closed = await findFreePort();
    await restartEmailWorker([
      { name: 'smtp-only', EMAIL_PROVIDER: 'smtp', SMTP_HOST: '127.0.0.1', SMTP_PORT: closed },
    ]);
    const demo = await createDemo(stack, 'order');
    const answer = await stack.trigger({
      requestId: randomUUID(),
      campaignId: demo.campaignId,
      recipients: [demo.recipient],
    });
    const waiting = await waitFor('a deferral', async () => {
      const [message] = await messagesOf(answer.body.executionId);
      return message!.events.some((event) => event.state === 'deferred') && message;
    });
    assert.equal(waiting.events.find((event) => event.state === 'deferred')!.code, 'transient.unavailable');
    await restartEmailWorker([{ name: 'back-again', EMAIL_PROVIDER: 'sandbox' }]);
    const sent = await waitFor('the message to be sent', async () => {
      const [message] = await messagesOf(answer.body.executionId);
      return message!.state === 'sent' && message;
    });
    const { rows } = await stack.pool.query('SELECT attempt FROM message_events WHERE message_id = $1', [
      sent.messageId,
    ]);
    assert.deepEqual([...new Set(rows.map((row) => row.attempt))], [1]);
  });

  test("F081: a campaign's rate holds over all of its calls", async (t) => {
    const demo = await createDemo(stack, 'password', {
      change: (definition) => {
        definition.throttleRatePerSec = 20;
      },
    });
    const recipients = (call: number) =>
      Array.from({ length: 20 }, (_, index) => ({
        ...demo.recipient,
        userId: `+4670${call}009${String(index).padStart(3, '0')}`,
      }));
    const calls = [1, 2, 3].map((call) => ({
      requestId: randomUUID(),
      campaignId: demo.campaignId,
      recipients: recipients(call),
    }));
    const answers = await Promise.all(calls.map((call) => stack.trigger(call)));
    const ids = (await Promise.all(answers.map((answer) => messagesOf(answer.body.executionId))))
      .flat()
      .map((one) => one.messageId);
    const times = await waitFor('all sixty to be sent', async () => {
      const { rows } = await stack.pool.query<{ at: number }>(
        'SELECT extract(epoch FROM created_at)::float8 AS at FROM sandbox_records WHERE message_id = ANY($1) ORDER BY 1',
        [ids],
      );
      return rows.length === 60 && rows.map((row) => row.at);
    });
    // A busy machine bunches what a second is made of, so the whole is measured; each second is held with a fake clock in `flow`.
    const tookS = times.at(-1)! - times[0]!;
    t.diagnostic(`60 messages in ${tookS.toFixed(1)} s`);
    assert.ok(tookS > 1.5, `sixty at twenty a second took ${tookS.toFixed(1)} s`);
  });

  test('accounts that are not valid stop the worker, with every problem named and no value shown', async () => {
    const wrong = [
      { name: 'A', EMAIL_PROVIDER: 'ses', SES_SECRET_ACCESS_KEY: 'hush-hush' },
      { name: 'b', EMAIL_PROVIDER: 'pigeon' },
    ];
    await assert.rejects(stack.start('email-worker', { EMAIL_ACCOUNTS: JSON.stringify(wrong) }), (error: Error) => {
      assert.match(error.message, /EMAIL_ACCOUNTS\.0\.name/);
      assert.match(error.message, /EMAIL_ACCOUNTS\.1\.EMAIL_PROVIDER/);
      assert.doesNotMatch(error.message, /hush-hush/);
      return true;
    });
  });
});
