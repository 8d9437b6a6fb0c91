import { after } from 'node:test';
import { createControlApp } from '@outrigger/api';
import { hashSecret } from '@outrigger/pipeline';
import { createLog, listen } from '@outrigger/runtime';
import type { Pool, Scope } from '@outrigger/store';
import { createTestCaller, openTestLedger, type TestCaller } from '@outrigger/testkit';

export type Body = Record<string, unknown>;
export type Reply = { status: number; body: Body; headers: Headers };

/** The control service as it is deployed, in this process, over a ledger of its own, and a tenant that calls it. */
export type Control = {
  pool: Pool;
  caller: TestCaller;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** A key of the same tenant with other scopes. */
  as(scopes: Scope[]): Promise<Control>;
};

/** Starts it for a test file; it stops when the file's tests are over. Paths begin at the base of campaigns, or with /ajo. */
export async function startControl(): Promise<Control> {
  const { pool } = await openTestLedger();
  const app = createControlApp({
    pool,
    log: createLog('control', 'silent'),
    ingressUrl: 'http://ingress.test',
    sandboxViewer: false,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  after(() => server.stop());
  const { orgId, sandboxName } = (await createTestCaller(pool, hashSecret)).tenant;

  async function open(scopes?: Scope[]): Promise<Control> {
    const caller = await createTestCaller(pool, hashSecret, { orgId, sandboxName, ...(scopes && { scopes }) });
    const control: Control = {
      pool,
      caller,
      as: open,
      async call(method, path, body, headers = {}) {
        const base = path.startsWith('/ajo/') ? '' : '/journey/campaigns/service';
        // A form says itself where its parts begin.
        const { 'content-type': json, ...credentials } = caller.headers;
        const own = body instanceof FormData ? credentials : { ...credentials, 'content-type': json };
        const response = await fetch(`http://127.0.0.1:${server.port}${base}${path}`, {
          method,
          headers: { ...own, ...headers } as Record<string, string>,
          ...(body !== undefined && { body: body instanceof FormData ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        const isJson = response.headers.get('content-type')?.startsWith('application/json');
        return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
      },
    };
    return control;
  }
  return open();
}

export const EMAIL_SURFACE = {
  channel: 'EMAIL',
  category: 'Transactional',
  settings: { from_email: 'shop@shop.example' },
} as const;

let made = 0;

/** Makes a channel configuration and returns its id. */
export async function createSurface(control: Control, change: Body = {}): Promise<string> {
  const surface = { ...EMAIL_SURFACE, name: `surface-${++made}`, ...change };
  const { status, body } = await control.call('POST', '/metadata/surfaces', surface);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return String(body.surfaceId);
}

/** A definition that can be activated. */
export function emailDefinition(surfaceId: string, change: Body = {}, content: Body = {}): Body {
  return {
    name: `order-${++made}`,
    category: 'Transactional',
    identityNamespace: 'email',
    packages: [
      {
        channel: 'EMAIL',
        attributes: { surface: { surfaceId } },
        content: { subject: 'Order {{ context.number }}', html: { body: '<p>{{ context.number }}</p>' }, ...content },
      },
    ],
    ...change,
  };
}

/** Creates a campaign and, unless told otherwise, activates it. */
export async function createCampaign(control: Control, definition: Body, publish = true): Promise<string> {
  const created = await control.call('POST', '/campaigns', definition);
  if (created.status !== 201) throw new Error(JSON.stringify(created.body));
  const campaignId = String(created.body.campaignId);
  if (publish) {
    const live = await control.call('POST', `/campaigns/${campaignId}/publish`);
    if (live.status !== 200) throw new Error(JSON.stringify(live.body));
  }
  return campaignId;
}

/** The code of a refusal, for example CMP-000002. */
export function codeOf(reply: Reply): string | undefined {
  return /([A-Z]{3}-\d{6})-\d{3}$/.exec(String(reply.body.type))?.[1];
}
