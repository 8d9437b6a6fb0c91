import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { createDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  service: string;
  attributes: { key: string; value: { stringValue?: string } }[];
};
type Exported = {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: { spans: Omit<Span, 'service'>[] }[];
  }[];
};

describe('traces', () => {
  let collector: Server;
  let stack: TestStack;
  const spans: Span[] = [];
  const texts: string[] = [];

  before(async () => {
    collector = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      texts.push(text);
      for (const { resource, scopeSpans } of (JSON.parse(text) as Exported).resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === 'service.name')!.value.stringValue;
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push({ ...span, service });
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    stack = await startStack(ledger, 'postgres');
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
    for (const service of ['ingress', 'email-worker']) {
      await stack.services.get(service)!.stop();
      await stack.start(service, { TRACES_ENDPOINT: endpoint, TRACES_RATIO: '0' });
    }
  });
  after(async () => {
    await stack.stop();
    collector.close();
    collector.closeAllConnections();
  });

  async function send(headers: Record<string, string>) {
    const demo = await createDemo(stack, 'order');
    const call = { requestId: randomUUID(), campaignId: demo.campaignId, recipients: [demo.recipient] };
    const caller = { ...stack.caller, headers: { ...stack.caller.headers, ...headers } };
    const answer = await stack.trigger(call, caller);
    assert.equal(answer.status, 202);
    return answer.body.executionId;
  }

  test("one trace leads from the caller's own span through the queue to the provider call", async () => {
    const [traceId, callerSpan] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    await send({ traceparent: `00-${traceId}-${callerSpan}-01` });
    await waitFor('three spans to arrive', async () => spans.length === 3);
    const named = (name: string) => spans.find((span) => span.name === name)!;
    const accepted = named('POST /ajo/im/executions/unitary');
    const delivered = named('deliver email');
    const handedOver = named('hand over');
    assert.ok(spans.every((span) => span.traceId === traceId));
    assert.equal(accepted.parentSpanId, callerSpan);
    assert.equal(delivered.parentSpanId, accepted.spanId);
    assert.equal(handedOver.parentSpanId, delivered.spanId);
    assert.deepEqual([accepted.service, delivered.service], ['ingress', 'email-worker']);
    const result = handedOver.attributes.find(({ key }) => key === 'outrigger.result');
    assert.equal(result?.value.stringValue, 'accepted');
    assert.doesNotMatch(texts.join(), /astrid|shop\.example|Wool throw/i);
  });

  test('a caller who does not trace, traces badly or asks for none gets none, and the message goes out', async () => {
    spans.length = 0;
    const executions = [
      await send({}),
      await send({ traceparent: 'nonsense' }),
      await send({ traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }),
      await send({ traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00` }),
    ];
    for (const executionId of executions) {
      await waitFor('the message to be sent', async () => {
        const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
        return (body.messages as { state: string }[]).every(({ state }) => state === 'sent');
      });
    }
    // What was recorded is sent at the stop at the latest.
    for (const service of ['ingress', 'email-worker']) await stack.services.get(service)!.stop();
    assert.deepEqual(spans, []);
  });
});
