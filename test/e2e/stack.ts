import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSecret } from '@outrigger/pipeline';
import type { Pool } from '@outrigger/store';
import {
  createTestCaller,
  openTestQueues,
  type ServiceProcess,
  startService,
  type TestCaller,
  type TestLedger,
} from '@outrigger/testkit';
import { DEMO_CAMPAIGNS } from '../../infra/local/demo/campaigns.ts';

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

/** The product as processes on a ledger and queue store of its own, and a tenant that calls it. */
export type TestStack = {
  pool: Pool;
  caller: TestCaller;
  services: Map<string, ServiceProcess>;
  start(name: string, environment?: Record<string, string>): Promise<ServiceProcess>;
  call(
    service: 'ingress' | 'control',
    method: string,
    path: string,
    body?: unknown,
    caller?: TestCaller,
  ): Promise<Answer>;
  trigger(body: unknown, caller?: TestCaller): Promise<Answer>;
  stop(): Promise<void>;
};

const CONTROL_BASE = '/journey/campaigns/service';

/** Starts ingress, control, dispatcher and the three workers over one queue store. */
export async function startStack(ledger: TestLedger, kind: 'postgres' | 'redis'): Promise<TestStack> {
  const queues = await openTestQueues(kind);
  const dataDir = await mkdtemp(join(tmpdir(), 'outrigger-e2e-'));
  const caller = await createTestCaller(ledger.pool, hashSecret);
  const services = new Map<string, ServiceProcess>();
  const started: ServiceProcess[] = [];
  const environment = {
    DATABASE_URL: ledger.databaseUrl,
    DATABASE_SCHEMA: ledger.schema,
    DATA_DIR: dataDir,
    SANDBOX_VIEWER: 'true',
    UNKNOWN_WINDOW_MS: '500',
    JANITOR_EVERY_MS: '200',
    ...queues.environment,
  };
  const stack: TestStack = {
    pool: ledger.pool,
    caller,
    services,
    async start(name, extra = {}) {
      const service = await startService(name, { ...environment, ...extra });
      started.push(service);
      services.set(name, service);
      return service;
    },
    async call(service, method, path, body, as = caller) {
      const url = `${services.get(service)!.url}${service === 'control' && !path.startsWith('/sandbox') ? CONTROL_BASE : ''}${path}`;
      const response = await fetch(url, {
        method,
        headers: as.headers,
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.startsWith('application/json');
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : { text } };
    },
    trigger: (body, as) => stack.call('ingress', 'POST', '/ajo/im/executions/unitary', body, as),
    async stop() {
      await Promise.all(started.map((service) => service.stop()));
      await queues.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  const names = ['ingress', 'control', 'dispatcher', 'email-worker', 'sms-worker', 'push-worker'];
  try {
    for (const name of names) await stack.start(name);
  } catch (error) {
    await stack.stop(); // nobody else can, and what runs on would hold the file open
    throw error;
  }
  return stack;
}

export type DemoName = 'order' | 'password' | 'shipping';
export type LiveDemo = { campaignId: string; recipient: Record<string, unknown> };

/** Makes one of the demo campaigns for a tenant through the control service, live unless asked otherwise. */
export async function createDemo(
  stack: TestStack,
  which: DemoName,
  options: { caller?: TestCaller; publish?: boolean; change?: (definition: Record<string, unknown>) => void } = {},
): Promise<LiveDemo> {
  const demo = DEMO_CAMPAIGNS[{ order: 0, password: 1, shipping: 2 }[which]]!;
  const as = options.caller ?? stack.caller;
  const created = await stack.call('control', 'POST', '/metadata/surfaces', demo.surface, as);
  const surfaces = await stack.call('control', 'GET', '/metadata/surfaces', undefined, as);
  const known = (surfaces.body.data as { name: string; surfaceId: string }[]).find(
    (one) => one.name === demo.surface.name,
  );
  if (!known) throw new Error(`no surface: ${JSON.stringify(created.body)}`);
  const definition = demo.definition(known.surfaceId);
  options.change?.(definition);
  const draft = await stack.call('control', 'POST', '/campaigns', definition, as);
  const campaignId = String(draft.body.campaignId);
  if (options.publish !== false) {
    const live = await stack.call('control', 'POST', `/campaigns/${campaignId}/publish`, undefined, as);
    if (live.status !== 200) throw new Error(`not published: ${JSON.stringify(live.body)}`);
  }
  return { campaignId, recipient: demo.recipient };
}

/** A call of a demo campaign to so many people who were never written to. */
export function callToStrangers(demo: LiveDemo, recipients = 1) {
  return {
    requestId: randomUUID(),
    campaignId: demo.campaignId,
    recipients: Array.from({ length: recipients }, () => ({
      ...demo.recipient,
      type: 'external',
      userId: `${randomUUID()}@shop.example`,
    })),
  };
}
