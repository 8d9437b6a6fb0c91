import { readFileSync } from 'node:fs';

type Json = Record<string, unknown>;

/** One campaign of the demo: its channel configuration, its definition, and a call that works as it is printed. */
export type DemoCampaign = {
  title: string;
  surface: Json & { name: string; channel: string };
  definition(surfaceId: string): Json & { name: string };
  recipient: Json;
};

const fixtures = new URL('../../../packages/render/fixtures/', import.meta.url);
/** The fixture's order with two of its items, so that the printed call stays short. */
function demoOrder(): Json {
  const { profile, context } = JSON.parse(readFileSync(new URL('order-confirmation.json', fixtures), 'utf8')) as {
    profile: Json;
    context: Json & { items: unknown[] };
  };
  return { profile, context: { ...context, items: context.items.slice(0, 2) } };
}

/** What the demo tenant has live: an order confirmation by email, a one-time password by SMS, a shipping push. */
export const DEMO_CAMPAIGNS: DemoCampaign[] = [
  {
    title: 'Order confirmation (email, MJML and Liquid)',
    surface: {
      channel: 'EMAIL',
      name: 'shop-mail',
      category: 'Transactional',
      settings: {
        from_name: 'Nordlys',
        from_email: 'orders@shop.example',
        reply_to_email: 'help@shop.example',
      },
    },
    definition: (surfaceId) => ({
      name: 'Order confirmation',
      category: 'Transactional',
      identityNamespace: 'email',
      createNewProfile: true,
      packages: [
        {
          channel: 'EMAIL',
          attributes: { surface: { surfaceId } },
          content: {
            subject: 'Your order {{ context.order.number }} is confirmed',
            mjml: { body: readFileSync(new URL('order-confirmation.mjml', fixtures), 'utf8') },
          },
        },
      ],
    }),
    recipient: { type: 'aep', userId: 'astrid@shop.example', namespace: 'email', ...demoOrder() },
  },
  {
    title: 'One-time password (SMS, gone after five minutes)',
    surface: { channel: 'SMS', name: 'shop-sms', category: 'Transactional', settings: { sender: 'NORDLYS' } },
    definition: (surfaceId) => ({
      name: 'One-time password',
      category: 'Transactional',
      identityNamespace: 'phone',
      packages: [
        {
          channel: 'SMS',
          attributes: { surface: { surfaceId } },
          content: {
            text: '{{ context.code }} is your Nordlys code. It works for 5 minutes. We never ask you for it.',
          },
        },
      ],
      delivery: { deadlineMinutes: 5 },
    }),
    recipient: { type: 'external', userId: '+46701234567', namespace: 'phone', context: { code: '481 920' } },
  },
  {
    title: 'Shipping update (push)',
    surface: {
      channel: 'PUSH',
      name: 'shop-app',
      category: 'Transactional',
      settings: { app_id: 'example.shop.app', platforms: ['fcm', 'apns'] },
    },
    definition: (surfaceId) => ({
      name: 'Shipping update',
      category: 'Transactional',
      identityNamespace: 'crm',
      packages: [
        {
          channel: 'PUSH',
          attributes: { surface: { surfaceId } },
          content: {
            title: 'Your order is on its way',
            message:
              'Hello {{ profile.person.name.firstName | default: "there" }}, {{ context.carrier }} brings {{ context.order }} on {{ context.day }}.',
            interaction: { type: 'DEEPLINK', uri: 'nordlys://orders/{{ context.order }}' },
            customProperties: { order: '{{ context.order }}' },
            android: { channelId: 'orders', deliveryPriority: 'HIGH' },
          },
        },
      ],
    }),
    recipient: {
      type: 'external',
      userId: 'customer-1042',
      namespace: 'crm',
      channelData: { pushInfo: { appID: 'example.shop.app', platform: 'fcm', token: 'demo-device-token' } },
      profile: { person: { name: { firstName: 'Astrid' } } },
      context: { order: 'NL-48213', carrier: 'PostNord', day: 'Tuesday' },
    },
  },
];
