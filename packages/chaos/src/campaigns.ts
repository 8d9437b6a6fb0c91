import { setTimeout as delay } from 'node:timers/promises';
import { hashSecret } from '@outrigger/pipeline';
import type { Pool } from '@outrigger/store';
import { createTestCaller, type TestCaller } from '@outrigger/testkit/tenant';
import { PUSH_APP } from './processes.ts';

export type CampaignName = 'receipt' | 'alert' | 'stopped' | 'code' | 'hurried' | 'shipping';
export type Campaign = { name: CampaignName; campaignId: string; tenant: number };
export type Tenant = { caller: TestCaller; campaigns: Record<CampaignName, Campaign> };

const BASE = '/journey/campaigns/service';

const SURFACES = {
  EMAIL: { settings: { from_name: 'Shop', from_email: 'orders@shop.example' } },
  // High throughput has a configuration of its own (spec 8).
  'EMAIL HT': { settings: { from_name: 'Shop', from_email: 'alerts@shop.example' } },
  SMS: { settings: { sender: 'SHOP' } },
  PUSH: { settings: { app_id: PUSH_APP, platforms: ['fcm'] } },
};

const EMAIL = {
  channel: 'EMAIL',
  content: {
    subject: '{{ context.key }} is on its way',
    html: { body: '<html><body><p>{{ context.key }} is on its way.</p></body></html>' },
  },
} as const;
const SMS = { channel: 'SMS', content: { text: '{{ context.key }} is your code.' } } as const;

/** Every way a message may go: both endpoints, all channels, both policies, a short deadline, a stop in the middle. */
const CAMPAIGNS: Record<
  CampaignName,
  { namespace: string; action: typeof EMAIL | typeof SMS | object; more?: object }
> = {
  receipt: { namespace: 'email', action: EMAIL, more: { createNewProfile: true } },
  alert: { namespace: 'email', action: EMAIL, more: { highThroughputMode: true } },
  stopped: { namespace: 'email', action: EMAIL },
  code: { namespace: 'phone', action: SMS },
  hurried: { namespace: 'phone', action: SMS, more: { delivery: { deadlineMinutes: 1 } } },
  shipping: {
    namespace: 'crm',
    action: {
      channel: 'PUSH',
      content: { title: 'On its way', message: '{{ context.key }}', customProperties: { key: '{{ context.key }}' } },
    },
  },
};

export type CallControl = (tenant: TestCaller, method: string, path: string, body?: unknown) => Promise<unknown>;

/** Calls the control service; what is not a success is thrown. */
export function controlCaller(url: string, patienceMs = 10_000): CallControl {
  return async (caller, method, path, body) => {
    const response = await fetch(`${url}${BASE}${path}`, {
      method,
      headers: caller.headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as unknown;
  };
}

/** Tenants with a key each. Made before the services start, which keep keys in memory. */
export function makeCallers(pool: Pool, count: number): Promise<TestCaller[]> {
  return Promise.all(Array.from({ length: count }, () => createTestCaller(pool, hashSecret)));
}

/** Makes all campaigns, live, for each of the tenants. */
export async function makeTenants(callers: TestCaller[], control: CallControl): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (const [tenant, caller] of callers.entries()) {
    const surfaceIds: Record<string, string> = {};
    for (const [kind, surface] of Object.entries(SURFACES)) {
      const [channel, ht] = kind.split(' ');
      const name = `chaos-${kind.toLowerCase().replace(' ', '-')}`;
      const made = await control(caller, 'POST', '/metadata/surfaces', {
        channel,
        name,
        category: 'Transactional',
        highThroughputMode: ht !== undefined,
        ...surface,
      });
      surfaceIds[kind] = (made as { surfaceId: string }).surfaceId;
    }
    const campaigns: Partial<Record<CampaignName, Campaign>> = {};
    for (const [name, { namespace, action, more }] of Object.entries(CAMPAIGNS)) {
      const { channel } = action as { channel: string };
      const surface = more && 'highThroughputMode' in more ? `${channel} HT` : channel;
      const made = await control(caller, 'POST', '/campaigns', {
        name,
        category: 'Transactional',
        identityNamespace: namespace,
        packages: [{ ...action, attributes: { surface: { surfaceId: surfaceIds[surface] } } }],
        ...more,
      });
      const { campaignId } = made as { campaignId: string };
      await control(caller, 'POST', `/campaigns/${campaignId}/publish`);
      campaigns[name as CampaignName] = { name: name as CampaignName, campaignId, tenant };
    }
    tenants.push({ caller, campaigns: campaigns as Tenant['campaigns'] });
  }
  return tenants;
}

/** Stops the campaign that is there for it, of each tenant, however often the control service dies meanwhile. */
export async function stopCampaigns(tenants: Tenant[], control: CallControl): Promise<void> {
  for (const { caller, campaigns } of tenants) {
    for (let stopped = false; !stopped; ) {
      const path = `/campaigns/${campaigns.stopped.campaignId}/stop`;
      stopped = await control(caller, 'POST', path).then(
        () => true,
        // Stopped before, and the answer was lost.
        (error: Error) => / answered 4/.test(error.message),
      );
      if (!stopped) await delay(300);
    }
  }
}
