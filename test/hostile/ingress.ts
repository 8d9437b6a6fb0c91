import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { after } from 'node:test';
import { createIngressApp, ingressListener } from '@outrigger/api';
import { uuidv7 } from '@outrigger/core';
import { hashSecret } from '@outrigger/pipeline';
import { createLog, listen } from '@outrigger/runtime';
import type { Pool } from '@outrigger/store';
import { createTestCaller, openTestLedger, type TestCaller } from '@outrigger/testkit';
import type { RawAnswer } from './raw-http.ts';

export const UNITARY = '/ajo/im/executions/unitary';
export const HIGH_THROUGHPUT = '/ajo/im/executions/highthroughput';

export type Endpoint = 'unitary' | 'highthroughput';
type Counts = Record<
  'request_keys' | 'executions' | 'execution_contents' | 'messages' | 'batches' | 'profiles',
  number
>;

/** The ingress as it is deployed, over a ledger of its own, in this process; its queue only counts. */
export type HostileIngress = {
  port: number;
  pool: Pool;
  caller: TestCaller;
  /** Live transactional email campaigns, one for each endpoint. */
  campaignIds: Record<Endpoint, string>;
  /** Batches handed to the queue so far. */
  enqueued(): number;
  send(options: SendOptions): Promise<RawAnswer>;
  /** Checks that the call is refused with `code` (for example MSG-000009-400) and that nothing was written or enqueued. */
  refused(code: string, send: () => Promise<RawAnswer>, echo?: Record<string, string>): Promise<RawAnswer>;
  /** Checks that the call is accepted and that exactly these many messages were written for it, and enqueued. */
  accepted(messages: number, send: () => Promise<RawAnswer>): Promise<RawAnswer>;
};

export type SendOptions = {
  path?: string;
  method?: string;
  headers?: Record<string, string | undefined>;
  body?: string | Buffer;
};

/** Starts the ingress for a test file; it stops when the file's tests are over. */
export async function startHostileIngress(options: { requestTimeoutMs?: number } = {}): Promise<HostileIngress> {
  const { pool } = await openTestLedger();
  const caller = await createTestCaller(pool, hashSecret);
  const { tenantId } = caller.tenant;
  let enqueued = 0;
  const log = createLog('ingress', 'silent');
  const app = createIngressApp({
    pool,
    log,
    enqueue: (batches) => {
      enqueued += batches.length;
    },
    queueReachable: () => true,
  });
  const server = await listen(ingressListener(app, log), { host: '127.0.0.1', port: 0, ...options });
  const { port } = server;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  after(async () => {
    agent.destroy();
    await server.stop();
  });

  async function counts(): Promise<Counts> {
    const { rows } = await pool.query<Counts>(
      `SELECT (SELECT count(*) FROM request_keys)::int AS request_keys, (SELECT count(*) FROM executions)::int AS executions,
              (SELECT count(*) FROM execution_contents)::int AS execution_contents,
              (SELECT count(*) FROM messages)::int AS messages, (SELECT count(*) FROM batches)::int AS batches,
              (SELECT count(*) FROM profiles)::int AS profiles`,
    );
    return rows[0]!;
  }

  return {
    port,
    pool,
    caller,
    campaignIds: {
      unitary: await createCampaign(pool, tenantId),
      highthroughput: await createCampaign(pool, tenantId, { definition: { high_throughput: true, lane_class: 'ht' } }),
    },
    enqueued: () => enqueued,
    send: ({ path = UNITARY, method = 'POST', headers = {}, body }) => {
      const merged = Object.entries({ ...caller.headers, ...headers }).filter(([, value]) => value !== undefined);
      return sendPolitely(agent, port, path, method, Object.fromEntries(merged) as Record<string, string>, body);
    },
    async refused(code, send, echo = {}) {
      const before = { ...(await counts()), enqueued };
      const answer = await send();
      assertRefusal(answer, code);
      const { additionalContext } = (answer.body as { report: { additionalContext: Record<string, string> } }).report;
      assert.deepEqual({ ...additionalContext, ...echo }, additionalContext, 'echoes the ids');
      assert.deepEqual({ ...(await counts()), enqueued }, before, 'nothing was written or enqueued');
      return answer;
    },
    async accepted(messages, send) {
      const before = { ...(await counts()), enqueued };
      const answer = await send();
      assert.equal(answer.status, 202, answer.text);
      assert.match(answer.headers['x-request-id'] ?? '', UUID);
      const now = { ...(await counts()), enqueued };
      assert.deepEqual(now, {
        request_keys: before.request_keys + 1,
        executions: before.executions + 1,
        execution_contents: before.execution_contents + 1,
        messages: before.messages + messages,
        batches: before.batches + 1,
        profiles: before.profiles,
        enqueued: before.enqueued + 1,
      });
      return answer;
    },
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Checks the documented shape of an error (spec 6.3, reliability 4.0). `code` is for example MSG-000009-400. */
export function assertRefusal(answer: RawAnswer, code: string): void {
  const status = Number(code.split('-')[2]);
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['x-request-id'] ?? '', UUID, 'carries our own request id');
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  const body = answer.body as { type: string; title: string; status: number; report: object };
  assert.deepEqual(Object.keys(body).sort(), ['report', 'status', 'title', 'type']);
  assert.ok(body.type.endsWith(`/errors/${code}`), `${body.type} ends with ${code}: ${body.title}`);
  assert.equal(body.status, status);
  assert.ok(body.title.length > 12 && body.title.length <= 300, `a title says what to do: ${body.title}`);
  assert.ok(answer.text.length < 2_000, 'the body is not echoed');
  assert.doesNotMatch(answer.text, /node_modules|\.ts:\d|SELECT|INSERT|postgres/i, 'nothing of the inside is shown');
  assert.deepEqual(Object.keys(body.report), ['additionalContext']);
  for (const [name, value] of Object.entries((body.report as { additionalContext: object }).additionalContext)) {
    assert.equal(typeof value, 'string', name);
    assert.ok(value.length <= 200, name);
    assert.doesNotMatch(value, /\p{Cc}/u, name);
  }
}

/** A campaign with an activated version, written directly: these tests are about the calls. Returns its id. */
export async function createCampaign(
  pool: Pool,
  tenantId: number,
  options: { status?: string; category?: 'Marketing' | 'Transactional'; definition?: Record<string, unknown> } = {},
): Promise<string> {
  const { status = 'LIVE', category = 'Transactional', definition = {} } = options;
  const [campaignId, versionId] = [uuidv7(), uuidv7()];
  await pool.query(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, category, high_throughput, status, live_version_id, created_by, modified_by)
     VALUES ($1, $2, 'order', $3, $4, $5, $6, 'test', 'test')`,
    [
      campaignId,
      tenantId,
      category,
      definition.high_throughput === true,
      status,
      status === 'DRAFT' ? null : versionId,
    ],
  );
  const frozen = {
    campaign_id: campaignId,
    channel: 'email',
    lane_class: 'standard',
    category: category.toLowerCase(),
    identity_namespace: 'email',
    create_new_profile: false,
    high_throughput: false,
    start_at: null,
    end_at: null,
    deadline_ms: 3_600_000,
    on_unknown: 'resend',
    ...definition,
  };
  await pool.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, compiled, settings, activated_by)
     VALUES ($1, $2, $3, 1, $4, '{}', '{}', 'test')`,
    [versionId, campaignId, tenantId, frozen],
  );
  return campaignId;
}

export type Person = Record<string, unknown>;

/** A recipient that is accepted. */
export function person(overrides: Person = {}): Person {
  return { type: 'external', userId: `${randomUUID()}@shop.example`, namespace: 'email', ...overrides };
}

/** A call that is accepted, with members replaced; `undefined` leaves one out. */
export function call(campaignId: string, overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return { requestId: randomUUID(), campaignId, recipients: [person()], ...overrides };
}

function sendPolitely(
  agent: Agent,
  port: number,
  path: string,
  method: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body as string);
    const outgoing = request(
      { agent, host: '127.0.0.1', port, path, method, headers: { ...headers, 'content-length': bytes.length } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const json = incoming.headers['content-type']?.startsWith('application/json') && text !== '';
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers as Record<string, string>,
            text,
            body: json ? JSON.parse(text) : undefined,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}
