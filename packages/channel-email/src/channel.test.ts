import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EmailSettings, JsonObject, Recipient } from '@outrigger/core';
import fc from 'fast-check';
import { composeEmail, createEmailChannel, resolveEmailTargets } from './channel.ts';
import { buildMime } from './mime.ts';
import { createSandboxProvider } from './providers/sandbox/send.ts';

const SETTINGS: EmailSettings = { from_name: 'Shop', from_email: 'shop@example.org' };
const PROFILE: JsonObject = {
  personalEmail: { address: 'home@example.com' },
  workEmail: { address: 'work@example.com' },
};
const WORK: EmailSettings = { ...SETTINGS, delivery_address_field: 'workEmail.address' };

function recipient(change: Partial<Recipient> = {}): Recipient {
  return { type: 'aep', userId: 'u-1', namespace: 'CRMID', ...change };
}

describe('resolving the address of an email', () => {
  it('F030, F053: the first of override, configured field, sandbox field and identity decides (property)', () => {
    const place = fc.option(fc.constantFrom('a@one.example', 'B@two.example', 'c+tag@three.example'), {
      nil: undefined,
    });
    const places = fc.record({ override: place, configured: place, workspace: place, identity: place });
    const fields = fc.record({ configured: fc.boolean(), workspace: fc.boolean() });
    fc.assert(
      fc.property(places, fields, fc.constantFrom('aep' as const, 'external' as const), (at, named, type) => {
        const workspaceField = named.workspace ? 'contact.mail' : undefined;
        const atWorkspace = at.workspace === undefined ? {} : { address: at.workspace, mail: at.workspace };
        const resolved = resolveEmailTargets({
          recipient: {
            type,
            userId: at.identity ?? 'u-1',
            namespace: at.identity === undefined ? 'crmid' : 'email',
            ...(at.override !== undefined && { channelData: { emailAddress: at.override } }),
          },
          profile: {
            ...(at.configured !== undefined && { work: { mail: at.configured } }),
            [workspaceField ? 'contact' : 'personalEmail']: atWorkspace,
          },
          settings: named.configured ? { ...SETTINGS, delivery_address_field: 'work.mail' } : SETTINGS,
          ...(workspaceField && { workspaceField }),
        });
        const first = at.override ?? (named.configured ? at.configured : undefined) ?? at.workspace ?? at.identity;
        if (first !== undefined) assert.deepEqual(resolved, { targets: [{ address: first }] });
        else assert.equal('excluded' in resolved && resolved.excluded, named.configured ? '050021' : '050020');
      }),
    );
  });

  const override = { channelData: { emailAddress: 'now@example.com' } };
  const byEmail: Partial<Recipient> = { namespace: 'Email', userId: 'me@example.com' };
  const hits: [string, Partial<Recipient>, JsonObject | undefined, EmailSettings, string][] = [
    ['the override before all else', { ...byEmail, ...override }, PROFILE, WORK, 'now@example.com'],
    ['the configured field before the default field', byEmail, PROFILE, WORK, 'work@example.com'],
    ['the default field when the configured one is empty', {}, { ...PROFILE, workEmail: {} }, WORK, 'home@example.com'],
    ['the default field before the identity', byEmail, PROFILE, SETTINGS, 'home@example.com'],
    ['the identity of an aep recipient', byEmail, undefined, SETTINGS, 'me@example.com'],
    ['the identity of an external recipient', { ...byEmail, type: 'external' }, {}, SETTINGS, 'me@example.com'],
    [
      'an override with a domain in Unicode',
      { channelData: { emailAddress: 'a@Exämple.com' } },
      {},
      SETTINGS,
      'a@xn--exmple-cua.com',
    ],
    [
      'a tagged address as it is',
      { channelData: { emailAddress: 'a+tag@gmail.com' } },
      {},
      SETTINGS,
      'a+tag@gmail.com',
    ],
  ];
  for (const [name, change, profile, settings, address] of hits) {
    it(`takes ${name}`, () => {
      assert.deepEqual(resolveEmailTargets({ recipient: recipient(change), profile, settings }), {
        targets: [{ address }],
      });
    });
  }

  const misses: [string, Partial<Recipient>, JsonObject | undefined, EmailSettings, string][] = [
    ['no profile', {}, undefined, SETTINGS, '050020'],
    ['an empty address', {}, { personalEmail: { address: '' } }, SETTINGS, '050020'],
    ['an address of null', {}, { personalEmail: { address: null } }, SETTINGS, '050020'],
    ['the identity of another channel', { namespace: 'phone', userId: '+4915112345678' }, {}, SETTINGS, '050020'],
    ['a configured field without value', {}, {}, WORK, '050021'],
    ['an address that is a number', {}, { personalEmail: { address: 17 } }, SETTINGS, '050024'],
    ['an inherited member', {}, {}, { ...SETTINGS, delivery_address_field: 'constructor.name' }, '050021'],
    [
      'a malformed override, though the profile has a good address',
      { channelData: { emailAddress: 'x' } },
      PROFILE,
      SETTINGS,
      '050024',
    ],
    ['an email identity that is none', { namespace: 'EMAIL', userId: 'u-1' }, {}, SETTINGS, '050024'],
  ];
  for (const [name, change, profile, settings, code] of misses) {
    it(`excludes ${name} with ${code}`, () => {
      const resolved = resolveEmailTargets({ recipient: recipient(change), profile, settings });
      assert.equal('excluded' in resolved && resolved.excluded, code, JSON.stringify(resolved));
    });
  }

  // The address rows of the bad-input catalogue.
  const malformed = [
    'nobody',
    'a@',
    '@b',
    'a b@c.d',
    'b@example.com\r\nBcc: evil@evil.com',
    'b@example.com, c@example.com',
    'Ada <a@example.com>',
    'a\0b@example.com',
    `${'x'.repeat(65)}@example.com`,
    `a@${'x'.repeat(64)}.com`,
    `a@${'xy.'.repeat(90)}com`,
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@localhost',
    'a@example',
    'ü@example.com',
    '"a b"@c.de',
  ];
  for (const emailAddress of malformed) {
    it(`excludes ${JSON.stringify(emailAddress).slice(0, 50)} as malformed`, () => {
      const resolved = resolveEmailTargets({
        recipient: recipient({ channelData: { emailAddress } }),
        profile: PROFILE,
        settings: SETTINGS,
      });
      assert.equal('excluded' in resolved && resolved.excluded, '050024');
    });
  }
});

describe('composing an email', () => {
  const target = { address: 'ada@example.com' };
  const PARTS = { subject: 'Hi', html: '<p>Hi</p>' };
  const compose = (parts: Record<string, string>, settings = SETTINGS) =>
    composeEmail({ messageId: 'm-1', target, settings, category: 'transactional', parts, content: {} });
  const composed = (parts: Record<string, string>, settings = SETTINGS) => {
    const result = compose(parts, settings);
    assert.ok('message' in result, JSON.stringify(result));
    return result.message;
  };

  it('puts parts and settings together', () => {
    const settings = { ...SETTINGS, reply_to_name: 'Help', reply_to_email: 'help@Exämple.org' };
    assert.deepEqual(composed({ ...PARTS, text: 'Hi', 'header:X-Order': '17' }, settings), {
      messageId: 'm-1',
      from: { name: 'Shop', address: 'shop@example.org' },
      replyTo: { name: 'Help', address: 'help@xn--exmple-cua.org' },
      to: 'ada@example.com',
      subject: 'Hi',
      html: '<p>Hi</p>',
      text: 'Hi',
      headers: { 'X-Order': '17' },
    });
  });

  it('leaves out what is empty', () => {
    const message = composed(
      { ...PARTS, text: ' \n', 'header:X-Order': ' ' },
      { from_name: ' ', from_email: 'a@example.org' },
    );
    assert.deepEqual(Object.keys(message).sort(), ['from', 'headers', 'html', 'messageId', 'subject', 'to']);
    assert.deepEqual(message.headers, {});
    assert.deepEqual(message.from, { address: 'a@example.org' });
  });

  it('makes one line of a subject', () => {
    const subjects = ['a\r\nBcc: b@c.de', 'a\nb', 'a\u2028b', 'a\u0085b', 'a\0b'].map(
      (subject) => composed({ ...PARTS, subject }).subject,
    );
    assert.deepEqual(subjects, ['a Bcc: b@c.de', 'a b', 'a b', 'a b', 'a b']);
  });

  it('cuts a subject at 998, never through a character', () => {
    assert.equal(composed({ ...PARTS, subject: 'x'.repeat(5_000) }).subject.length, 998);
    assert.equal(composed({ ...PARTS, subject: `${'x'.repeat(997)}🚚` }).subject, 'x'.repeat(997));
  });

  it('flattens a sender name that came with line breaks', () => {
    const { from } = composed(PARTS, { ...SETTINGS, from_name: 'Shop\r\nBcc: evil@evil.com' });
    assert.deepEqual(from, { name: 'Shop Bcc: evil@evil.com', address: 'shop@example.org' });
  });

  const failures: [string, Record<string, string>, EmailSettings, string][] = [
    ['a missing subject', { html: 'x' }, SETTINGS, '050302'],
    ['a subject of blanks', { ...PARTS, subject: ' \r\n ' }, SETTINGS, '050302'],
    ['a missing html part', { subject: 'x', text: 'x' }, SETTINGS, '050302'],
    ['a header that is written here', { ...PARTS, 'header:bcc': 'evil@evil.com' }, SETTINGS, '050302'],
    ['a header given twice', { ...PARTS, 'header:X-A': '1', 'header:x-a': '2' }, SETTINGS, '050302'],
    ['a header name with a line break', { ...PARTS, 'header:X-A\r\nBcc': 'evil@evil.com' }, SETTINGS, '050302'],
    [
      'a header that fits no line',
      { ...PARTS, 'header:List-Unsubscribe': `<https://e.org/${'x'.repeat(999)}>` },
      SETTINGS,
      '050302',
    ],
    ['a malformed sender', PARTS, { from_email: 'shop' }, 'permanent.configuration'],
    ['a malformed reply-to', PARTS, { ...SETTINGS, reply_to_email: 'a@b.de, c@d.de' }, 'permanent.configuration'],
  ];
  for (const [name, parts, settings, code] of failures) {
    it(`fails ${name} with ${code}`, () => {
      const result = compose(parts, settings);
      assert.equal('failed' in result && result.failed, code, JSON.stringify(result));
    });
  }

  it('makes only messages that can be written', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    const name = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('X-A', 'x-a', 'List-Id', 'Bcc', 'To'));
    const parts = fc
      .tuple(
        fc.record({ subject: text, html: text, text }),
        fc.dictionary(
          name.map((one) => `header:${one}`),
          text,
        ),
      )
      .map(([own, headers]) => ({ ...own, ...headers }));
    fc.assert(
      fc.property(parts, text, (rendered, fromName) => {
        const result = compose(rendered, { ...SETTINGS, from_name: fromName });
        if ('message' in result) assert.doesNotThrow(() => buildMime(result.message, new Date(0)));
      }),
    );
  });
});

describe('the email channel', () => {
  it('looks suppression up in one form for all spellings of an address', () => {
    const channel = createEmailChannel(createSandboxProvider(async () => {}));
    assert.equal(channel.channel, 'email');
    assert.equal(channel.suppressionAddress({ address: 'Ada@Example.com' }), 'ada@example.com');
  });

  it('sends to exactly the address that was accepted', () => {
    const raw = fc.oneof(
      fc.emailAddress(),
      fc.string({ maxLength: 40 }).map((one) => `${one}@example.com`),
    );
    fc.assert(
      fc.property(raw, (emailAddress) => {
        const resolved = resolveEmailTargets({
          recipient: recipient({ channelData: { emailAddress } }),
          profile: undefined,
          settings: SETTINGS,
        });
        if ('targets' in resolved) assert.equal(resolved.targets[0]?.address.toLowerCase(), emailAddress.toLowerCase());
      }),
      { numRuns: 2_000 },
    );
  });
});
