import type { QueueKind } from '@outrigger/chaos/stores';
import type { Endpoint } from '@outrigger/core';
import { DEMO_CAMPAIGNS } from '@outrigger/local/demo/campaigns.ts';
import { DEMO_ORDER } from './demo-order.ts';
import { ADDRESS_DOMAIN, ADDRESS_PREFIX, numberSlot, ORDER_PREFIX, PHONE_PREFIX } from './numbers.ts';

type Json = Record<string, unknown>;
export type WorkerName = 'email-worker' | 'sms-worker' | 'push-worker';

/** One workload: which campaign is called how, and on what the system runs. */
export type Scenario = {
  name: string;
  title: string;
  worker: WorkerName;
  queues: QueueKind;
  endpoint: Endpoint;
  recipientsPerCall: number;
  /** Which of the demo's campaigns, by channel, and what is different here. */
  channel: 'EMAIL' | 'SMS' | 'PUSH';
  definition: Json;
  recipient(place: number): Json;
  /** Stored profiles of all recipients, so that a look-up finds one. */
  profiles: boolean;
  /** Worker processes; two where one event loop is busy before the two cores are. */
  workers: number;
  /** Measured against the naive pipeline whenever everything is run. */
  againstNaive?: boolean;
  /** Length of the window at the top rate, where the usual one is too short. */
  longSeconds?: number;
  /** `timesNaive`: of the pipeline that compiles its MJML in the job. */
  goal: { messagesPerSecond?: number; cpuUs?: number; acceptP99Ms?: number; timesNaive?: number };
};

const address = (place: number) => `${ADDRESS_PREFIX}${numberSlot(place)}@${ADDRESS_DOMAIN}`;
const order = (place: number): Json => ({
  ...DEMO_ORDER.context,
  order: { ...DEMO_ORDER.context.order, number: `${ORDER_PREFIX}${numberSlot(place)}` },
});

const htEmail = {
  worker: 'email-worker',
  queues: 'redis',
  endpoint: 'highthroughput',
  channel: 'EMAIL',
  definition: { highThroughputMode: true, createNewProfile: false },
  recipient: (place: number) => ({
    type: 'external',
    userId: address(place),
    namespace: 'email',
    context: { ...DEMO_ORDER.profile, ...order(place) },
  }),
  profiles: false,
  workers: 1,
} as const;

export const SCENARIOS: Scenario[] = [
  {
    ...htEmail,
    name: 'ht-email-1',
    title: 'high-throughput email, 1 recipient a call',
    recipientsPerCall: 1,
    againstNaive: true,
    longSeconds: 60,
    goal: { messagesPerSecond: 6_000, cpuUs: 330, acceptP99Ms: 15, timesNaive: 12 },
  },
  {
    ...htEmail,
    name: 'ht-email-20',
    title: 'high-throughput email, 20 recipients a call',
    recipientsPerCall: 20,
    workers: 2,
    goal: { messagesPerSecond: 10_000, cpuUs: 220 },
  },
  {
    ...htEmail,
    name: 'ht-email-embedded',
    title: 'high-throughput email, queues in PostgreSQL (the embedded default)',
    queues: 'postgres',
    recipientsPerCall: 1,
    goal: { messagesPerSecond: 2_500 },
  },
  {
    ...htEmail,
    name: 'email',
    title: 'standard email, profile look-up, raw MIME with headers',
    endpoint: 'unitary',
    recipientsPerCall: 1,
    definition: { createNewProfile: false },
    recipient: (place: number) => ({
      type: 'aep',
      userId: address(place),
      namespace: 'email',
      context: order(place),
    }),
    profiles: true,
    workers: 2,
    goal: { messagesPerSecond: 2_000 },
  },
  {
    ...htEmail,
    name: 'sms',
    title: 'SMS, standard: one-time passwords',
    worker: 'sms-worker',
    endpoint: 'unitary',
    channel: 'SMS',
    recipientsPerCall: 1,
    workers: 2,
    definition: {},
    recipient: (place: number) => ({
      type: 'external',
      userId: `+${PHONE_PREFIX}${numberSlot(place)}`,
      namespace: 'phone',
      context: { code: '481 920' },
    }),
    goal: { messagesPerSecond: 2_500 },
  },
  {
    ...htEmail,
    name: 'push',
    title: 'push, standard: shipping updates',
    worker: 'push-worker',
    endpoint: 'unitary',
    channel: 'PUSH',
    recipientsPerCall: 1,
    workers: 2,
    definition: {},
    recipient: (place: number) => ({
      type: 'external',
      userId: `customer-${numberSlot(place)}`,
      namespace: 'crm',
      channelData: { pushInfo: { appID: 'example.shop.app', platform: 'fcm', token: `token-${numberSlot(place)}` } },
      profile: { person: { name: { firstName: 'Astrid' } } },
      context: { order: `${ORDER_PREFIX}${numberSlot(place)}`, carrier: 'PostNord', day: 'Tuesday' },
    }),
    goal: { messagesPerSecond: 2_500 },
  },
];

export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}

/** The demo campaign that a scenario calls. */
export function demoCampaignOf(scenario: Scenario) {
  return DEMO_CAMPAIGNS.find(({ surface }) => surface.channel === scenario.channel)!;
}
