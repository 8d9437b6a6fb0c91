/**
 * Calls that are accepted and hold hostile values (reliability 4.4 and 4.5), through the whole product: what becomes of the
 * message, and what of it was handed to the provider, which is nothing unless the message was sent.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, waitFor } from '@outrigger/testkit';
import { startStack, type TestStack } from '../e2e/stack.ts';

const ledger = await openTestLedger();

type Json = Record<string, unknown>;
type End = { messageId: string; state: string; code?: string };
/** What the provider was given. */
type Kept = { recipient: string; content: Json };

const EMAIL = { channel: 'EMAIL', settings: { from_name: '{{ context.shop }}', from_email: 'shop@shop.example' } };
const SMS = { channel: 'SMS', settings: { sender: 'NORDLYS' } };
const PUSH = { channel: 'PUSH', settings: { app_id: 'example.shop.app', platforms: ['fcm', 'apns'] } };

/** The campaigns that the rows call. */
const CAMPAIGNS = {
  mail: {
    surface: EMAIL,
    identityNamespace: 'email',
    content: {
      subject: '{{ context.subject }}',
      html: { body: '<p>{{ context.text }}</p><a href="{{ context.link }}">go</a>' },
    },
  },
  loops: {
    surface: EMAIL,
    identityNamespace: 'email',
    content: {
      subject: 'loops',
      html: {
        body: '{% for a in (1..context.n) %}{% for b in (1..context.n) %}{{ context.big }}{% endfor %}{% endfor %}',
      },
    },
  },
  phoneMail: {
    surface: EMAIL,
    identityNamespace: 'phone',
    content: { subject: 'x', html: { body: '<p>x</p>' } },
  },
  text: { surface: SMS, identityNamespace: 'phone', content: { text: '{{ context.text }}' } },
  push: {
    surface: PUSH,
    identityNamespace: 'crm',
    content: { title: 'x', message: '{{ context.text }}', interaction: { type: 'OPENAPP' } },
  },
} as const;
type CampaignName = keyof typeof CAMPAIGNS;

const GOOD = { shop: 'Shop', subject: 'Hello', text: 'Hello', link: 'https://shop.example/', n: 1, big: 'x' };
const PUSH_INFO = { appID: 'example.shop.app', platform: 'fcm', token: 'token' };

/** Somebody the campaign reaches, with context values replaced. */
function person(campaign: CampaignName, context: Json = {}, more: Json = {}): Json {
  const namespace = CAMPAIGNS[campaign].identityNamespace;
  const userId = { email: `${randomUUID()}@shop.example`, phone: '+46701234567', crm: 'c-1' }[namespace];
  return {
    type: 'external',
    userId,
    namespace,
    ...(campaign === 'push' && { channelData: { pushInfo: PUSH_INFO } }),
    context: { ...GOOD, ...context },
    ...more,
  };
}

const headerNames = (kept: Kept) => {
  const head = String(kept.content.raw).split('\r\n\r\n')[0]!;
  return [...head.matchAll(/^([\w-]+):/gm)].map(([, name]) => name!.toLowerCase()).sort();
};

type Row = [row: string, what: string, campaign: CampaignName, recipient: Json, code: string];
const STOPPED: Row[] = [
  [
    'D16',
    "an appID of another app, another tenant's maybe",
    'push',
    person('push', {}, { channelData: { pushInfo: { ...PUSH_INFO, appID: 'other.app' } } }),
    '050033',
  ],
  ['D17', 'a phone number in an email campaign', 'phoneMail', person('phoneMail'), '050020'],
  ['D20', 'a subject of spaces', 'mail', person('mail', { subject: ' \r\n ' }), '050302'],
  ['D22', 'an SMS of 1,501 characters', 'text', person('text', { text: 'a'.repeat(1_501) }), '050302'],
  ['D22', 'an SMS of 751 emoji', 'text', person('text', { text: '😀'.repeat(751) }), '050302'],
  ['D22', 'an SMS with an escape character', 'text', person('text', { text: 'a\u001bb' }), '050302'],
  ['D23', 'a push payload of 5 kB', 'push', person('push', { text: 'x'.repeat(5_000) }), '050302'],
  ['E05', 'a loop of a thousand million rounds', 'loops', person('loops', { n: 1_000_000_000 }), '050302'],
  ['E06', 'loops in loops, 10⁸ rounds', 'loops', person('loops', { n: 10_000, big: '' }), '050302'],
  ['E08', '150 kB in ten thousand rounds', 'loops', person('loops', { n: 100, big: 'x'.repeat(150_000) }), '050302'],
];

type SentRow = [row: string, what: string, campaign: CampaignName, recipient: Json, look: (kept: Kept) => void];
const SENT: SentRow[] = [
  [
    'D10',
    'an address with a tag, where the one without is suppressed',
    'mail',
    person('mail', {}, { userId: 'someone+tag@shop.example' }),
    (kept) => assert.equal(kept.recipient, 'someone+tag@shop.example'),
  ],
  [
    'D19',
    'a sender name with a line break',
    'mail',
    person('mail', { shop: 'Shop\r\nBcc: evil@evil.com' }),
    (kept) => assert.match(String(kept.content.raw), /^From: .*<shop@shop\.example>\r$/m),
  ],
  [
    'D19',
    'a sender name that closes its quotes and names an address',
    'mail',
    person('mail', { shop: '" <evil@evil.com>, "x' }),
    (kept) => assert.match(String(kept.content.raw), /^From: .*<shop@shop\.example>\r$/m),
  ],
  [
    'D20',
    'a subject with a line break and a header',
    'mail',
    person('mail', { subject: 'Hi\r\nBcc: evil@evil.com\r\n\r\nbody' }),
    (kept) => assert.equal(kept.content.subject, 'Hi Bcc: evil@evil.com body'),
  ],
  [
    'D20',
    'a subject of 3,000 characters',
    'mail',
    person('mail', { subject: 'x'.repeat(3_000) }),
    (kept) => assert.equal(String(kept.content.subject).length, 998),
  ],
  [
    'D20',
    'a subject that looks like an encoded word',
    'mail',
    person('mail', { subject: '=?UTF-8?B?aGFja2Vk?=' }),
    (kept) => {
      assert.equal(kept.content.subject, '=?UTF-8?B?aGFja2Vk?=');
      assert.doesNotMatch(String(kept.content.raw), /^Subject: =\?UTF-8\?B\?aGFja2Vk\?=\r$/m);
    },
  ],
  [
    'E17',
    'Liquid in a value',
    'mail',
    person('mail', { subject: '{{ context.shop }}{% raw %}', text: '{{ 7 | times: 6 }}' }),
    (kept) => {
      assert.equal(kept.content.subject, '{{ context.shop }}{% raw %}');
      assert.match(String(kept.content.html), /\{\{ 7 \| times: 6 \}\}/);
    },
  ],
  [
    'E18',
    'a link that is a script',
    'mail',
    person('mail', { link: 'JaVa\tScript:alert(1)', text: '<script>alert(1)</script>' }),
    (kept) => {
      assert.doesNotMatch(String(kept.content.html), /<script|href="\s*j/i);
      assert.match(String(kept.content.html), /&lt;script&gt;/);
    },
  ],
  [
    'D22',
    'an SMS of 1,500 characters',
    'text',
    person('text', { text: 'a'.repeat(1_500) }),
    (kept) => assert.equal(String(kept.content.text).length, 1_500),
  ],
];

describe('a call that is accepted and hostile', () => {
  let stack: TestStack;
  const ids = new Map<CampaignName, string>();
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    for (const [name, { surface, identityNamespace, content }] of Object.entries(CAMPAIGNS)) {
      const surfaceBody = { ...surface, name: `surface-${name}`, category: 'Transactional' };
      const made = await stack.call('control', 'POST', '/metadata/surfaces', surfaceBody);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const packages = [
        { channel: surface.channel, attributes: { surface: { surfaceId: made.body.surfaceId } }, content },
      ];
      const definition = { name, category: 'Transactional', identityNamespace, packages };
      const created = await stack.call('control', 'POST', '/campaigns', definition);
      const live = await stack.call('control', 'POST', `/campaigns/${created.body.campaignId}/publish`);
      assert.equal(live.status, 200, JSON.stringify(live.body));
      ids.set(name as CampaignName, String(created.body.campaignId));
    }
    await ledger.pool.query(
      `INSERT INTO suppressions (suppression_id, tenant_id, list_type, entity_type, entity_value, suppressed_type, suppressed_by)
       VALUES (gen_random_uuid(), $1, 'client', 'email', 'someone@shop.example', 'MANUAL', 'test')`,
      [stack.caller.tenant.tenantId],
    );
  });
  after(() => stack.stop());

  async function trigger(campaign: CampaignName, recipient: Json): Promise<string> {
    const call = { requestId: randomUUID(), campaignId: ids.get(campaign), recipients: [recipient] };
    const answer = await stack.trigger(call);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    return String(answer.body.executionId);
  }

  const endOf = (executionId: string) =>
    waitFor('its end', async () => {
      const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      const [message] = body.messages as [End];
      return ['queued', 'sending', 'deferred'].includes(message.state) ? undefined : message;
    });

  async function keptOf(messageId: string): Promise<Kept[]> {
    const { body } = await stack.call('control', 'GET', `/sandbox/messages?messageId=${messageId}`);
    return body.data as Kept[];
  }

  for (const [row, what, campaign, recipient, code] of STOPPED) {
    test(`${row}: ${what} ends with ${code}, and nothing leaves`, async () => {
      const end = await endOf(await trigger(campaign, recipient));
      assert.deepEqual([end.state, end.code], [/^0503/.test(code) ? 'failed' : 'excluded', code]);
      assert.deepEqual(await keptOf(end.messageId), []);
    });
  }

  for (const [row, what, campaign, recipient, look] of SENT) {
    test(`${row}: ${what} changes nothing but its own value`, async () => {
      const end = await endOf(await trigger(campaign, recipient));
      assert.deepEqual([end.state, end.code], ['sent', undefined]);
      const [kept, ...more] = await keptOf(end.messageId);
      assert.deepEqual(more, []);
      look(kept!);
      if (campaign !== 'mail') return;
      const plain = await endOf(await trigger('mail', person('mail')));
      assert.deepEqual(
        headerNames(kept!),
        headerNames((await keptOf(plain.messageId))[0]!),
        'the same headers as ever',
      );
    });
  }

  test('D22: a NUL is refused at the door', async () => {
    const recipients = [person('text', { text: 'a\u0000b' })];
    const answer = await stack.trigger({ requestId: randomUUID(), campaignId: ids.get('text'), recipients });
    assert.equal(answer.status, 400);
    assert.match(String(answer.body.type), /MSG-000009-400$/);
  });

  test('C26: a campaign that is stopped between the call and the claim sends nothing of it', async () => {
    await stack.services.get('sms-worker')!.stop();
    const executionId = await trigger('text', person('text'));
    const stop = await stack.call('control', 'POST', `/campaigns/${ids.get('text')}/stop`);
    assert.equal(stop.status, 200, JSON.stringify(stop.body));
    await stack.start('sms-worker');
    const end = await endOf(executionId);
    assert.deepEqual([end.state, end.code], ['canceled', 'canceled.campaign_stopped']);
    assert.deepEqual(await keptOf(end.messageId), []);
  });
});
