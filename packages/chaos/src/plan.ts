import type { Campaign, CampaignName, Tenant } from './campaigns.ts';
import { createRandom, type Random } from './random.ts';

export type Endpoint = 'unitary' | 'highthroughput';
/** What a caller has in mind for one recipient. The key is in its content and its address. */
export type PlannedRecipient = { key: string; address: string; malformed: boolean; body: Record<string, unknown> };
export type PlannedCall = {
  number: number;
  tenant: number;
  endpoint: Endpoint;
  campaign: Campaign;
  requestId: string;
  recipients: PlannedRecipient[];
  /** Set: the call is wrong on purpose and has to be refused with this status. */
  refusedWith?: number;
  /** What else the caller does: ask the same again later, ask twice at once, ask with another body. */
  again: boolean;
  twice: boolean;
  otherBody: boolean;
};

const MIX: { weight: number; campaign: CampaignName; most: number }[] = [
  { weight: 20, campaign: 'receipt', most: 1 },
  { weight: 25, campaign: 'receipt', most: 20 },
  { weight: 20, campaign: 'alert', most: 20 },
  { weight: 4, campaign: 'stopped', most: 5 },
  { weight: 13, campaign: 'code', most: 20 },
  { weight: 2, campaign: 'hurried', most: 5 },
  { weight: 16, campaign: 'shipping', most: 20 },
];

/** The call of a number: the same for the same seed. */
export function planCall(seed: number, number: number, tenants: Tenant[]): PlannedCall {
  const random = createRandom(seed, `call ${number}`);
  const chosen = random.weighted(MIX);
  const tenant = number % tenants.length;
  const campaign = tenants[tenant]!.campaigns[chosen.campaign];
  const wrong = random.chance(0.01);
  const recipients = Array.from({ length: random.between(1, chosen.most + 1) }, (_, place) =>
    planRecipient(random, chosen.campaign, number, place),
  );
  return {
    number,
    tenant,
    endpoint: (chosen.campaign === 'alert') !== wrong ? 'highthroughput' : 'unitary',
    campaign,
    // Tenants use the same ids on purpose: a request id means something only within its tenant.
    requestId: `request-${Math.floor(number / tenants.length)}`,
    recipients,
    ...(wrong && { refusedWith: 400 }),
    again: random.chance(0.03),
    twice: random.chance(0.03),
    otherBody: random.chance(0.02),
  };
}

function planRecipient(random: Random, campaign: CampaignName, call: number, place: number): PlannedRecipient {
  const key = `c${call}r${place}`;
  const context = { key };
  if (campaign === 'shipping') {
    const pushInfo = { appID: 'chaos.app', platform: 'fcm', token: key };
    const body = { type: 'external', userId: key, namespace: 'crm', channelData: { pushInfo }, context };
    return { key, address: key, malformed: false, body };
  }
  if (campaign === 'code' || campaign === 'hurried') {
    const address = `+46${String(700_000_000 + ((call * 20 + place) % 99_999_999)).padStart(9, '0')}`;
    return { key, address, malformed: false, body: { type: 'external', userId: address, namespace: 'phone', context } };
  }
  const address = `${key}@shop.example`;
  const malformed = random.chance(0.01);
  const type = campaign === 'receipt' && random.chance(0.05) ? 'aep' : 'external';
  const channelData = malformed ? { channelData: { emailAddress: 'not an address' } } : {};
  return { key, address, malformed, body: { type, userId: address, namespace: 'email', ...channelData, context } };
}

export function bodyOf(call: PlannedCall, change?: (recipient: Record<string, unknown>) => unknown): string {
  const recipients = call.recipients.map(({ body }) => (change ? change(body) : body));
  return JSON.stringify({ requestId: call.requestId, campaignId: call.campaign.campaignId, recipients });
}

/** The same call as somebody else would write it: other content under the same request id. Its key must reach nobody. */
export function otherBodyOf(call: PlannedCall): string {
  return bodyOf(call, (recipient) => {
    const { key } = recipient.context as { key: string };
    return { ...recipient, context: { key: key.replace('c', 'x') } };
  });
}
