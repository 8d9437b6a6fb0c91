import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmailMessage, JsonObject } from '@outrigger/core';
import { compileContent, loadContent } from '@outrigger/render';
import { manyConformance } from '@outrigger/testkit/many-conformance';
import { type PlayedBehaviour, USUAL_ANSWERS } from '@outrigger/testkit/provider-conformance';
import { type ScriptedReply, startScriptedServer } from '@outrigger/testkit/scripted-server';
import fc from 'fast-check';
import { composeEmail } from '../src/channel.ts';
import { SES_ENTRY_CODES } from '../src/providers/ses/codes.ts';
import { sesConfig } from '../src/providers/ses/config.ts';
import { createSesProvider } from '../src/providers/ses/send.ts';
import { startSesEmulator } from './ses-emulator.ts';

const HTML =
  '<!doctype html><html><body><h1>Grüße, {{ profile.name }}</h1><table class="items">' +
  '{% for item in context.items %}<tr><td style="a">{{ item.name }}</td><td>{{ item.price }} €</td></tr>{% endfor %}' +
  '</table><p class="some more text that stays">{{ context.note }}{{ context.other }}</p><!-- the end --></body></html>';
const TEXT =
  'Hello {{ profile.name }}, this is what you ordered from us today:\n{% for item in context.items %}* {{ item.name }}\n{% endfor %}Bye.\n';

type Compose = (messageId: string, data: { profile: JsonObject; context: JsonObject }, to?: string) => EmailMessage;

async function version(
  html = HTML,
  text: string | undefined = TEXT,
  headers: Record<string, string> = {},
): Promise<Compose> {
  const { compiled, problems } = await compileContent({
    subject: {
      format: 'liquid',
      escape: 'none',
      singleLine: true,
      source: 'For {{ profile.name }}: {{ context.note }}',
    },
    html: { format: 'liquid', escape: 'html', source: html },
    ...(text === undefined ? {} : { text: { format: 'liquid' as const, escape: 'none' as const, source: text } }),
  });
  assert.ok(compiled, JSON.stringify(problems));
  const content = loadContent(compiled);
  return (messageId, data, to = `${messageId}@example.com`) => {
    const rendered = content.render(data, { inJson: true });
    assert.ok('parts' in rendered, JSON.stringify(rendered));
    const composed = composeEmail({
      messageId,
      target: { address: to },
      settings: { from_name: 'Müller & Söhne', from_email: 'shop@example.org', reply_to_email: 'service@example.org' },
      category: 'transactional',
      parts: Object.assign(rendered.parts, headers),
      pieces: rendered.pieces,
      content: {},
    });
    assert.ok('message' in composed, JSON.stringify(composed));
    return composed.message;
  };
}

const DATA = { profile: { name: 'Ada' }, context: { note: 'n', other: 'o', items: [{ name: 'Pen', price: 3 }] } };
const compose = await version();

const JSON_TYPE = { 'content-type': 'application/json' };
const error = (status: number, name: string, message: string): ScriptedReply => ({
  status,
  headers: JSON_TYPE,
  body: JSON.stringify({ __type: name, message }),
});
const REPLIES: Record<PlayedBehaviour, (entries: number) => ScriptedReply> = {
  accepts: (entries) => ({
    status: 200,
    headers: JSON_TYPE,
    body: JSON.stringify({ BulkEmailEntryResults: Array(entries).fill({ Status: 'SUCCESS', MessageId: 'ses-1' }) }),
  }),
  throttles: () => error(429, 'TooManyRequestsException', 'Maximum sending rate exceeded.'),
  'refuses-recipient': () => error(400, 'MessageRejected', 'Email address is not verified: m-0@example.com'),
  'refuses-content': () => error(400, 'MessageRejected', 'Message contains a virus'),
  'server-error': () => error(500, 'InternalServiceErrorException', 'The request processing has failed.'),
  hangs: () => 'hang',
  resets: () => 'reset',
  garbage: () => ({ status: 200, headers: JSON_TYPE, body: '{"BulkEmailEntryResults":[{"Status":"SUCC' }),
};

manyConformance<EmailMessage>({
  name: 'ses',
  message: (messageId) => compose(messageId, DATA, 'm-0@example.com'),
  start: async (behaviour) => {
    const peer = await startScriptedServer((request) => {
      const { BulkEmailEntries } = JSON.parse(request.body.toString());
      return REPLIES[behaviour](BulkEmailEntries?.length ?? 1);
    });
    return { provider: provider(peer.url), requests: () => peer.requests.length, stopPeer: peer.close };
  },
  expected: USUAL_ANSWERS,
  // The call, and then each message by itself: SES took none of them, and one may be at fault alone.
  requestsWhenRefused: { 'refuses-recipient': 4, 'refuses-content': 4 },
});

describe('ses, several messages in one call', () => {
  it('makes the mail that the raw way makes, byte for byte, whatever the data is', async () => {
    const ses = await startSesEmulator();
    const sender = provider(ses.url);
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '{{s}}',
        '{{{h0}}}',
        '{{#each x}}',
        '\\{{',
        '}}',
        '<b>&"\'',
        '\r\n.\r\n',
        '\u2028',
        '\ud800',
        '"}]}',
        '=?utf-8?q?x?=',
      ),
    );
    const data = fc.record({
      profile: fc.record({ name: text }),
      context: fc.record({
        note: text,
        other: text,
        items: fc.array(fc.record({ name: text, price: fc.integer() }), { maxLength: 3 }),
      }),
    });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(data, { minLength: 2, maxLength: 50 }), async (people) => {
        ses.received.length = 0;
        const messages = people.map((person) => compose(`m-${count++}`, person));
        const results = await sender.many!.send(messages, AbortSignal.timeout(10_000));
        assert.ok(
          results.every((result) => result.kind === 'accepted'),
          JSON.stringify(results),
        );
        assert.equal(ses.received.length, messages.length);
        messages.forEach((message, index) => {
          const mail = ses.received[index]!;
          assert.deepEqual([mail.to, mail.tags], [message.to, { outrigger_message_id: message.messageId }]);
          assert.equal(mail.subject, message.subject.toWellFormed());
          assert.equal(mail.html, message.html.toWellFormed());
          assert.equal(mail.text, message.text?.toWellFormed());
        });
      }),
      { numRuns: 40 },
    );
    await sender.close();
    await ses.close();
    assert.ok(ses.calls.every((call) => call === 'outbound-bulk-emails'));
  });

  it('hands over sender, reply address, headers, tags and configuration set, and says less than the raw way', async () => {
    const ses = await startSesEmulator();
    const sender = provider(ses.url);
    const withHeader = await version(HTML, TEXT, { 'header:List-Unsubscribe': '<https://example.org/u/1>' });
    const messages = Array.from({ length: 50 }, (_, n) => withHeader(`m-${n}`, DATA));
    await sender.many!.send(messages, AbortSignal.timeout(10_000));
    await sender.close();
    await ses.close();
    assert.equal(ses.requests.length, 1);
    const call = JSON.parse(ses.requests[0]!.body.toString());
    assert.equal(call.FromEmailAddress, '=?UTF-8?B?TcO8bGxlciAmIFPDtmhuZQ==?= <shop@example.org>');
    assert.deepEqual(call.ReplyToAddresses, ['service@example.org']);
    assert.equal(call.ConfigurationSetName, 'events');
    assert.deepEqual(ses.received[0]?.headers, { 'List-Unsubscribe': '<https://example.org/u/1>' });
    // What all have in common is said once.
    assert.equal(ses.requests[0]!.body.toString().split('<!-- the end -->').length, 2);
  });

  it('refuses only the message at fault when SES refuses the whole call', async () => {
    const ses = await startSesEmulator({ refuses: (to) => to === 'm-2@example.com' });
    const sender = provider(ses.url);
    const messages = ['m-1', 'm-2', 'm-3'].map((id) => compose(id, DATA));
    const results = await sender.many!.send(messages, AbortSignal.timeout(5_000));
    await sender.close();
    await ses.settled();
    await ses.close();
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['accepted', 'refused', 'accepted'],
    );
    assert.equal('code' in results[1]! && results[1].code, 'permanent.content');
    assert.deepEqual(ses.received.map(({ to }) => to).sort(), ['m-1@example.com', 'm-3@example.com']);
  });

  it('leaves to the raw way what SES would refuse a whole call for', async () => {
    const sender = provider('http://127.0.0.1:9');
    const composed = compose('m-1', DATA);
    const message = { ...composed, html: composed.html, text: composed.text! };
    assert.ok(sender.many!.groupOf(message));
    const changes: Partial<EmailMessage>[] = [
      { to: 'a b@example.com' },
      { to: 'a@exämple.com' },
      { headers: { 'X-Late': 'x'.repeat(871) } },
      { headers: { 'X-Late': 'ü' } },
      { headers: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`X-${n}`, 'x'])) },
    ];
    for (const change of changes) assert.equal(sender.many!.groupOf({ ...message, ...change }), undefined);
    await sender.close();
  });

  const apart: [string, string, string | undefined][] = [
    ['SES syntax in the HTML', '<p>{% raw %}{{ code }}{% endraw %} and some more text</p>{{ context.note }}', TEXT],
    ['SES syntax in the text', HTML, 'some longer text here {% raw %}{{{x}}}{% endraw %} {{ context.note }}'],
    ['a brace right before a slot', '<p>a longer text, and then {</p>{{ context.note }}{', TEXT],
    ['a backslash right before a slot', '<p>a longer text, and then this</p>\\{{ context.note }}', TEXT],
    ['a brace right after a slot', '<p>a longer text, and then {{ context.note }}} a longer text again</p>', TEXT],
  ];
  for (const [what, html, text] of apart) {
    it(`leaves a version to the raw way that has ${what}`, async () => {
      const sender = provider('http://127.0.0.1:9');
      const made = await version(html, text);
      const group = sender.many!.groupOf(made('m-1', DATA));
      await sender.close();
      // A single brace that is not beside a slot is text to SES too.
      if (what === 'a brace right before a slot') assert.ok(group);
      else assert.equal(group, undefined);
    });
  }

  it('leaves very long data, and messages whose pieces are not known, to the raw way', async () => {
    const sender = provider('http://127.0.0.1:9');
    const { pieces: _, ...composed } = compose('m-1', DATA);
    const plain = { ...composed, html: '<p>Hello</p>' };
    const long = compose('m-2', { ...DATA, context: { note: '"'.repeat(50_000) } });
    const groups = [plain, long].map((message) => sender.many!.groupOf(message));
    await sender.close();
    assert.deepEqual(groups, [undefined, undefined]);
  });

  it('keeps versions apart, and messages of one version together', async () => {
    const sender = provider('http://127.0.0.1:9');
    const other = await version();
    const groupOf = (message: EmailMessage) => sender.many!.groupOf(message);
    assert.ok(groupOf(compose('m-1', DATA)));
    assert.equal(groupOf(compose('m-1', DATA)), groupOf(compose('m-2', DATA)));
    assert.notEqual(groupOf(compose('m-1', DATA)), groupOf(other('m-1', DATA)));
    await sender.close();
  });

  it('cuts what is larger than SES takes into several calls', async () => {
    const ses = await startSesEmulator();
    const sender = provider(ses.url);
    const note = `${'"ü'.repeat(4_000)}`;
    const messages = Array.from({ length: 50 }, (_, n) => compose(`m-${n}`, { ...DATA, context: { note, items: [] } }));
    const results = await sender.many!.send(messages, AbortSignal.timeout(10_000));
    await sender.close();
    await ses.close();
    assert.ok(
      results.every((result) => result.kind === 'accepted'),
      JSON.stringify(results[0]),
    );
    assert.ok(ses.calls.length > 1);
    assert.deepEqual(ses.received.map(({ to }) => to).sort(), messages.map(({ to }) => to).sort());
  });

  for (const [status, code] of Object.entries(SES_ENTRY_CODES)) {
    it(`reads ${status} of one recipient as ${code}, and the others as accepted`, async () => {
      const ses = await startSesEmulator({
        answers: (to) => (to === 'm-2@example.com' ? { Status: status, Error: 'why' } : undefined),
      });
      const sender = provider(ses.url);
      const results = await sender.many!.send(
        ['m-1', 'm-2', 'm-3'].map((id) => compose(id, DATA)),
        AbortSignal.timeout(5_000),
      );
      await sender.close();
      await ses.close();
      assert.deepEqual(
        results.map((result) =>
          result.kind === 'accepted' ? 'accepted' : [result.code, result.vendorCode, result.detail],
        ),
        ['accepted', [code, status, 'why'], 'accepted'],
      );
    });
  }

  const unreadable: [string, object | string][] = [
    ['one result too few', { BulkEmailEntryResults: [{ Status: 'SUCCESS', MessageId: '1' }] }],
    ['no results', {}],
    ['results that are none', { BulkEmailEntryResults: [null, 7] }],
    ['no ids', { BulkEmailEntryResults: [{ Status: 'SUCCESS' }, { Status: 'SUCCESS', MessageId: '' }] }],
    ['a status nobody knows', { BulkEmailEntryResults: [{ Status: 'toString' }, { Status: 'NEW' }] }],
    ['half of it', '{"BulkEmailEntryResults":[{"Status":"SUCCESS","MessageId":"1"},'],
  ];
  for (const [what, answer] of unreadable) {
    it(`is in doubt about all of them after an answer with ${what}`, async () => {
      const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
      const peer = await startScriptedServer(() => ({ status: 200, headers: JSON_TYPE, body }));
      const sender = provider(peer.url);
      const results = await sender.many!.send(
        ['m-1', 'm-2'].map((id) => compose(id, DATA)),
        AbortSignal.timeout(5_000),
      );
      await sender.close();
      await peer.close();
      for (const result of results) assert.equal('code' in result && result.code, 'ambiguous.response');
      assert.equal(results.length, 2);
    });
  }
});

function provider(endpoint: string) {
  return createSesProvider(
    sesConfig.parse({
      EMAIL_PROVIDER: 'ses',
      SES_REGION: 'eu-central-1',
      SES_ENDPOINT: endpoint,
      SES_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      SES_SECRET_ACCESS_KEY: 'not-a-secret',
      SES_CONFIGURATION_SET: 'events',
    }),
  );
}
