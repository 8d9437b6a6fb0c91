import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { createDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

/** The fields of an attempt's log line: a line with another field may hold something that nobody looked at. */
const ATTEMPT_FIELDS = [
  'account',
  'attempt',
  'batch_id',
  'campaign_id',
  'code',
  'event',
  'execution_id',
  'lane',
  'level',
  'message_id',
  'outcome',
  'pass',
  'pid',
  'possible_duplicate',
  'retry_at',
  'service',
  'since_accept_ms',
  'tenant_id',
  'time',
];

describe('what the services say of a run', () => {
  let stack: TestStack;
  let executionId: string;
  /** Everything personal or secret that goes in; each is a text that occurs nowhere else. */
  const secretData = {
    address: `${randomUUID()}@people.example`,
    phone: '+46700048213',
    name: `Nomen${randomUUID()}`,
    item: `Item${randomUUID()}`,
  };

  before(async () => {
    stack = await startStack(ledger, 'postgres');
    for (const service of ['ingress', 'email-worker', 'sms-worker']) {
      await stack.services.get(service)!.stop();
      await stack.start(service, { LOG_LEVEL: 'debug' });
    }
    const order = await createDemo(stack, 'order');
    const password = await createDemo(stack, 'password');
    const answer = await stack.trigger({
      requestId: randomUUID(),
      campaignId: order.campaignId,
      recipients: [
        {
          ...order.recipient,
          userId: secretData.address,
          profile: { firstName: secretData.name },
          context: { ...(order.recipient.context as object), note: secretData.item },
        },
        // Nobody can be reached by this: it is excluded, and that is said too.
        { ...order.recipient, userId: `${secretData.item} is no address` },
      ],
    });
    assert.equal(answer.status, 202);
    executionId = String(answer.body.executionId);
    await stack.trigger({
      requestId: randomUUID(),
      campaignId: password.campaignId,
      recipients: [{ ...password.recipient, userId: secretData.phone }],
    });
    const refused = await stack.trigger({ requestId: 'x', campaignId: order.campaignId, recipients: [] });
    assert.equal(refused.status, 400);
    await waitFor('all three to end', async () => {
      const { rows } = await stack.pool.query('SELECT 1 FROM message_history');
      return rows.length === 3;
    });
  });
  after(() => stack.stop());

  async function metricsOf(service: string): Promise<string> {
    const response = await fetch(`${stack.services.get(service)!.url}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
    return response.text();
  }

  test('the metrics count what happened: accepted, refused, sent, excluded, and how long it took', async () => {
    const ingress = await metricsOf('ingress');
    assert.match(ingress, /^outrigger_accepted_messages_total\{lane="email",service="ingress"\} 2$/m);
    assert.match(ingress, /^outrigger_refusals_total\{code="MSG-000002",service="ingress"\} 1$/m);
    const route = 'method="POST",route="/ajo/im/executions/unitary"';
    assert.match(
      ingress,
      new RegExp(`^outrigger_http_request_seconds_count\\{service="ingress",${route},status="202"\\} 2$`, 'm'),
    );
    assert.match(
      ingress,
      new RegExp(`^outrigger_http_request_seconds_count\\{service="ingress",${route},status="400"\\} 1$`, 'm'),
    );
    const worker = await metricsOf('email-worker');
    assert.match(worker, /^outrigger_outcomes_total\{lane="email",state="sent",code="",service="email-worker"\} 1$/m);
    assert.match(
      worker,
      /^outrigger_outcomes_total\{lane="email",state="excluded",code="05002\d",service="email-worker"\} 1$/m,
    );
    assert.match(worker, /^outrigger_call_to_provider_seconds_count\{service="email-worker",lane="email"\} 1$/m);
    assert.match(
      worker,
      /^outrigger_provider_seconds_count\{service="email-worker",account="sandbox",result="accepted"\} 1$/m,
    );
    assert.match(worker, /^outrigger_messages_in_flight\{lane="email",service="email-worker"\} 0$/m);
    assert.match(worker, /^nodejs_eventloop_lag_p99_seconds\{/m);
    const dispatcher = await metricsOf('dispatcher');
    assert.match(dispatcher, /^outrigger_lane_waiting_messages\{lane="email",service="dispatcher"\} 0$/m);
  });

  test('every attempt has one line, with the same fields', async () => {
    const lines = stack.services
      .get('email-worker')!
      .lines.map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line.event === 'message.attempted');
    assert.equal(lines.length, 2);
    for (const line of lines) assert.deepEqual(Object.keys(line).sort(), ATTEMPT_FIELDS);
    const account = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
    const messages = account.body.messages as { messageId: string; state: string }[];
    assert.deepEqual(
      lines.map((line) => `${line.message_id} ${line.outcome}`).sort(),
      messages.map((message) => `${message.messageId} ${message.state}`).sort(),
    );
  });

  test('no log line and no metric holds an address, a name, content or a secret that went in', async () => {
    const metrics = await Promise.all([...stack.services.keys()].map(metricsOf));
    const said = [...stack.services.values()].flatMap((service) => service.lines).concat(metrics);
    assert.ok(said.length > 10);
    const authorization = String(stack.caller.headers.authorization ?? stack.caller.headers.Authorization);
    const secrets = [...Object.values(secretData), authorization.replace('Bearer ', ''), 'Wool throw', '481 920'];
    for (const secret of secrets) {
      assert.ok(secret.length > 4);
      assert.deepEqual(
        said.filter((line) => line.includes(secret)),
        [],
      );
    }
  });
});
