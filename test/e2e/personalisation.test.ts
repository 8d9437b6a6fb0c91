import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger } from '@outrigger/testkit';
import { author, type Ended } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
type Json = Record<string, unknown>;
const external = (userId: string, more: object = {}) => ({ type: 'external', userId, namespace: 'email', ...more });
const HELLO = { subject: 'Hello', html: { body: '<p>Hello</p>' } };

describe('personalised content, as it goes out', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  let surface: { email: string; sms: string };
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
    surface = { email: await desk.surface('EMAIL'), sms: await desk.surface('SMS') };
  });
  after(() => stack.stop());

  /** What goes out by email for one person. */
  async function mailOf(content: Json, person: Json): Promise<Json> {
    const [message] = await desk.send(await desk.campaign('EMAIL', surface.email, content), person);
    assert.equal(message!.state, 'sent', JSON.stringify(message));
    return (await desk.kept(message!.messageId))[0]!.content;
  }
  const bodyOf = async (body: string, person: Json) =>
    String((await mailOf({ subject: 'Hello', html: { body: `<p>${body}</p>` } }, person)).html);
  const accountOf = async ({ messageId }: Ended) =>
    (await stack.call('ingress', 'GET', `/ajo/im/messages/${messageId}`)).body as Json & Ended;

  test('<b> in a name prints as text in HTML, and raw in the text part, the subject and an SMS (F097)', async () => {
    const profile = { name: '<b>Ada</b> & "Bo"' };
    const mail = await mailOf(
      { subject: 'For {{ profile.name }}', html: { body: '<p title="{{ profile.name }}">Hi {{ profile.name }}</p>' } },
      external('a@shop.example', { profile }),
    );
    assert.equal(
      mail.html,
      '<p title="&lt;b&gt;Ada&lt;/b&gt; &amp; &#34;Bo&#34;">Hi &lt;b&gt;Ada&lt;/b&gt; &amp; &#34;Bo&#34;</p>',
    );
    assert.equal(String(mail.text).trim(), 'Hi <b>Ada</b> & "Bo"');
    assert.equal(mail.subject, 'For <b>Ada</b> & "Bo"');
    const text = await desk.campaign('SMS', surface.sms, { text: 'Hi {{ profile.name }}' });
    const [sms] = await desk.send(text, { ...external('+46701111001', { profile }), namespace: 'phone' });
    assert.equal((await desk.kept(sms!.messageId))[0]!.content.text, 'Hi <b>Ada</b> & "Bo"');
  });

  test('a template in the data is text, in HTML as in an SMS (F097)', async () => {
    const profile = { name: '{{ context.secret }}{% if true %}x' };
    const context = { secret: 'no' };
    assert.equal(
      await bodyOf('Hi {{ profile.name }}', external('a@shop.example', { profile, context })),
      '<p>Hi {{ context.secret }}{% if true %}x</p>',
    );
  });

  test('a French date and an amount in euro print as they are written in French (F098)', async () => {
    const context = { day: '2031-03-01T22:30:00Z', total: 1234.5, paid: 0.256, name: 'jEAN dupont' };
    const source =
      '{{ context.day | format_date: "EEEE d MMMM yyyy", "fr", "Europe/Paris" }}|{{ context.total | currency: "EUR", "fr-FR" }}|' +
      '{{ context.total | number_format: "de-DE", 2 }}|{{ context.paid | percent: "fr-FR", 1 }}|{{ context.name | title_case }}';
    const printed = await bodyOf(source, external('a@shop.example', { context }));
    // Which of the spaces that do not break stands where is the business of the language's data, which gets newer.
    assert.equal(
      printed.replace(/[\u00a0\u202f]/g, '~'),
      '<p>samedi 1 mars 2031|1~234,50~€|1.234,50|25,6~%|Jean Dupont</p>',
    );
  });

  test('a missing name prints the fallback, an empty one too, and nothing without a fallback (F099)', async () => {
    const source = 'Hi {{ profile.person.firstName | default: "there" }}{{ profile.nothing.at.all }}!';
    for (const [profile, printed] of [
      [undefined, 'Hi there!'],
      [{ person: {} }, 'Hi there!'],
      [{ person: { firstName: '' } }, 'Hi there!'],
      [{ person: { firstName: null } }, 'Hi there!'],
      [{ person: { firstName: 'Ada' } }, 'Hi Ada!'],
    ] as const) {
      const person = external(`${randomUUID()}@shop.example`, profile && { profile });
      assert.equal(await bodyOf(source, person), `<p>${printed}</p>`);
    }
  });

  test('a link whose host comes from data leads to the domains of its configuration, or nowhere (13.3)', async () => {
    const settings = { link_domains: ['shop.example', 'example.org'] };
    const body =
      '<a href="{{ context.link }}">1</a><a href="https://{{ context.host }}/x">2</a><a href="https://evil.example/{{ context.path }}">3</a>' +
      '<a href="{{ context.link }}/y">4</a><a href="//{{ context.host }}">5</a><img src="{{ context.link }}" alt="">';
    const content = { subject: 'Hello', html: { body } };
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL', settings), content);
    const linksOf = async (link: string, host: string) => {
      const [message] = await desk.send(campaign, external('a@shop.example', { context: { link, host, path: 'p' } }));
      const { html, text } = (await desk.kept(message!.messageId))[0]!.content;
      assert.ok(!/evil\.example(?!\/p)/.test(String(text)), String(text));
      return [...String(html).matchAll(/(?:href|src)="([^"]*)"/g)].map((match) => match[1]);
    };
    const authors = 'https://evil.example/p';
    assert.deepEqual(await linksOf('https://www.shop.example/a', 'example.org'), [
      'https://www.shop.example/a',
      'https://example.org/x',
      authors,
      'https://www.shop.example/a/y',
      '//example.org',
      'https://www.shop.example/a',
    ]);
    const elsewhere = 'https://evil.example/shop.example';
    assert.deepEqual(await linksOf(elsewhere, 'shop.example@evil.example'), ['#', '#', authors, '#/y', '#', elsewhere]);
    // Without the list nothing changes.
    const free = await desk.campaign('EMAIL', surface.email, {
      ...content,
      html: { body: '<a href="{{ context.link }}">1</a>' },
    });
    const [message] = await desk.send(free, external('a@shop.example', { context: { link: elsewhere } }));
    assert.match(String((await desk.kept(message!.messageId))[0]!.content.html), /href="https:\/\/evil\.example/);
    for (const domain of ['https://shop.example', 'shop.example/', 'SHOP.example', 'a"b.example', 'localhost']) {
      const refused = await stack.call('control', 'POST', '/metadata/surfaces', {
        name: `refused-${randomUUID().slice(0, 8)}`,
        channel: 'EMAIL',
        category: 'Transactional',
        settings: { from_email: 'shop@shop.example', link_domains: [domain] },
      });
      assert.equal(refused.status, 400, domain);
    }
  });

  describe('metadata of a message (F096)', () => {
    const tag = '{% metadata "order", context.order %}{% metadata "tier", profile.tier %}';

    test('is in the account of the message, also by high throughput, and not in the mail', async () => {
      const campaign = await desk.campaign('EMAIL', surface.email, { ...HELLO, html: { body: `<p>${tag}Hello</p>` } });
      const [message] = await desk.send(
        campaign,
        external('a@shop.example', { context: { order: 4711 }, profile: { tier: 'gold' } }),
      );
      assert.deepEqual((await accountOf(message!)).metadata, { order: '4711', tier: 'gold' });
      assert.equal((await desk.kept(message!.messageId))[0]!.content.html, '<p>Hello</p>');
      const ht = await desk.campaign(
        'EMAIL',
        await desk.surface('EMAIL', {}, { highThroughputMode: true }),
        { ...HELLO, html: { body: '<p>{% metadata "order", context.order %}Hello {{ context.order }}</p>' } },
        { highThroughputMode: true },
      );
      const answer = await stack.call('ingress', 'POST', '/ajo/im/executions/highthroughput', {
        requestId: randomUUID(),
        campaignId: ht,
        recipients: ['a', 'b'].map((order) => external(`${order}@fast.example`, { context: { order } })),
      });
      const ended = await desk.endedOf(answer.body.executionId);
      assert.deepEqual(await Promise.all(ended.map(async (one) => (await accountOf(one)).metadata)), [
        { order: 'a' },
        { order: 'b' },
      ]);
      const text = await desk.campaign('SMS', surface.sms, { text: '{% metadata order, context.order %}Hi' });
      const [sms] = await desk.send(text, {
        ...external('+46701111001', { context: { order: 'x' } }),
        namespace: 'phone',
      });
      assert.deepEqual((await accountOf(sms!)).metadata, { order: 'x' });
    });

    test('3 KB of it are cut, and the mail is sent', async () => {
      const campaign = await desk.campaign('EMAIL', surface.email, { ...HELLO, html: { body: `<p>${tag}Hello</p>` } });
      const context = { order: 'é'.repeat(1_500) };
      const [message] = await desk.send(campaign, external('a@shop.example', { context }));
      assert.equal(message!.state, 'sent');
      const { order } = (await accountOf(message!)).metadata as { order: string };
      assert.match(order, /^é{1000,1024}$/);
    });

    test('who is excluded, or whose message cannot be rendered, has none', async () => {
      const body = `<p>${tag}<a href="{{ context.link }}">Hello</a></p>`;
      const settings = { sender_email: '{{ context.desk }}' };
      const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL', settings), {
        ...HELLO,
        html: { body },
      });
      const context = { order: 1 };
      const [excluded, malformed] = await desk.send(
        campaign,
        external('a@shop.example', { context }),
        external('nobody', { context: { ...context, desk: 'desk@shop.example' } }),
      );
      for (const message of [excluded, malformed]) {
        assert.equal(message!.state, 'excluded');
        assert.equal((await accountOf(message!)).metadata, undefined);
      }
      const { rows } = await stack.pool.query('SELECT FROM message_metadata WHERE message_id = ANY ($1::uuid[])', [
        [excluded!.messageId, malformed!.messageId],
      ]);
      assert.equal(rows.length, 0);
    });
  });
});
