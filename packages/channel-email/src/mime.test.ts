import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EmailMessage, parseEmailAddress } from '@outrigger/core';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { assembleMime, buildMime, textPart } from './mime.ts';
import { flattenControls, reservedHeader } from './mime-header.ts';

const AT = new Date('2025-07-01T10:00:00Z');

/** Text that is hard to write: any Unicode, control characters, line ends, dots, words without end, encoded-words. */
const awkward = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\r', '\n', '.', '=', '-', '"', '\\', '<', '>', 'ä', '🚚', '\0') }),
  fc.constantFrom('x'.repeat(2_000), 'ä'.repeat(1_000), '=?UTF-8?B?YmNj?=', '\r\nBcc: evil@evil.com', '" <x@y.zz>'),
);
const address = fc
  .tuple(
    fc.stringMatching(/^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}$/),
    fc.constantFrom('example.com', 'xn--exmple-cua.com'),
  )
  .map(([localPart, domain]) => `${localPart}@${domain}`)
  .filter((raw) => !('problem' in parseEmailAddress(raw)));
const mailbox = fc.record({ name: awkward, address }, { requiredKeys: ['address'] });
const headerName = fc.stringMatching(/^X-[A-Za-z0-9-]{1,40}$/).filter((name) => reservedHeader(name) === undefined);
const email: fc.Arbitrary<EmailMessage> = fc.record(
  {
    messageId: fc.uuid(),
    from: mailbox,
    replyTo: mailbox,
    to: address,
    subject: awkward,
    html: awkward,
    text: awkward,
    headers: fc
      .uniqueArray(fc.tuple(headerName, awkward), { maxLength: 4, selector: ([name]) => name.toLowerCase() })
      .map((entries) => Object.fromEntries(entries)),
  },
  { requiredKeys: ['messageId', 'from', 'to', 'subject', 'html', 'headers'] },
);

describe('mime', () => {
  it('writes lines that every mail system takes, whatever the values', () => {
    fc.assert(
      fc.property(email, (message) => {
        const raw = buildMime(message, AT).toString('latin1');
        assert.match(raw, /^[\t\r\n -~]*$/, 'only ASCII');
        assert.doesNotMatch(raw, /\r(?!\n)|(?<!\r)\n/, 'only CRLF line ends');
        for (const line of raw.split('\r\n')) assert.ok(line.length <= 998, `line of ${line.length}`);
      }),
    );
  });

  it('writes exactly its own headers and the extra ones, whatever the values', () => {
    fc.assert(
      fc.property(email, (message) => {
        const names = headerNames(buildMime(message, AT));
        const expected = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type'];
        if (message.replyTo) expected.push('Reply-To');
        if (message.text === undefined) expected.push('Content-Transfer-Encoding');
        assert.deepEqual(names.sort(), [...expected, ...Object.keys(message.headers)].sort());
      }),
    );
  });

  it('is read by a parser as it was given, with one recipient', async () => {
    await fc.assert(
      fc.asyncProperty(email, async (message) => {
        const parsed = await PostalMime.parse(buildMime(message, AT));
        assert.deepEqual(parsed.to, [{ address: message.to, name: '' }]);
        assert.equal(parsed.cc, undefined);
        assert.equal(parsed.bcc, undefined);
        assert.deepEqual(parsed.from, { address: message.from.address, name: header(message.from.name ?? '') });
        assert.equal((parsed.subject ?? '').trim(), header(message.subject));
        assert.equal(body(parsed.html), body(message.html));
        if (message.text !== undefined) assert.equal(body(parsed.text), body(message.text));
        assert.equal(parsed.messageId, `<${message.messageId}@${message.from.address.split('@')[1]}>`);
        assert.equal(parsed.date, AT.toISOString());
        assert.equal(parsed.attachments.length, 0);
      }),
    );
  });

  it('is read the same by a second parser', async () => {
    await fc.assert(
      fc.asyncProperty(email, async (message) => {
        const parsed = await simpleParser(buildMime(message, AT));
        const to = Array.isArray(parsed.to) ? parsed.to : [parsed.to];
        assert.deepEqual(asciiAddresses(to.flatMap((one) => one?.value ?? [])), [message.to]);
        assert.deepEqual(asciiAddresses(parsed.from?.value ?? []), [message.from.address]);
        assert.equal((parsed.subject ?? '').trim(), header(message.subject));
        for (const name of Object.keys(message.headers)) {
          assert.equal(parsed.headerLines.filter((line) => line.key === name.toLowerCase()).length, 1);
        }
      }),
    );
  });

  it('can be put together from parts that were encoded before', () => {
    const message = { ...sample(), text: 'plain' };
    const parts = [textPart('plain', 'plain'), textPart('html', message.html)];
    assert.deepEqual(assembleMime(message, AT, parts), buildMime(message, AT));
  });

  it('looks like this', () => {
    const message = {
      ...sample(),
      replyTo: { name: 'J. Doe', address: 'j@example.org' },
      text: 'Grüße an alle, die warten,\n.\n',
    };
    assert.equal(
      buildMime(message, AT).toString(),
      [
        'From: =?UTF-8?B?TcO8bGxlcg==?=',
        ' <shop@example.org>',
        'To: ada@example.com',
        'Reply-To: "J. Doe" <j@example.org>',
        'Subject: Your order has been shipped and will reach you tomorrow between nine',
        ' and twelve',
        'Date: Tue, 01 Jul 2025 10:00:00 +0000',
        'Message-ID: <m-1@example.org>',
        'List-Unsubscribe: <https://example.org/u/1>',
        'MIME-Version: 1.0',
        'Content-Type: multipart/alternative;',
        ' boundary="=_m-1"',
        '',
        '--=_m-1',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Gr=C3=BC=C3=9Fe an alle, die warten,',
        '=2E',
        '',
        '--=_m-1',
        'Content-Type: text/html; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '<p>Hi</p>',
        '--=_m-1--',
        '',
      ].join('\r\n'),
    );
  });

  const refused: [string, Partial<EmailMessage>][] = [
    ['a second recipient in the address', { to: 'b@example.com, evil@evil.com' }],
    ['a line break in the address', { to: 'b@example.com\r\nBcc: evil@evil.com' }],
    ['a NUL in the address', { to: 'a\0b@example.com' }],
    ['a domain that is not in ASCII yet', { to: 'a@exämple.com' }],
    ['a sender without a domain', { from: { address: 'shop' } }],
    ['a message id with an angle bracket', { messageId: 'm>1' }],
    ['an extra header that is written here', { headers: { bcc: 'evil@evil.com' } }],
    ['an extra header that SES would obey', { headers: { 'X-SES-Configuration-Set': 'other' } }],
    ['a header name with a line break', { headers: { 'X-A\r\nBcc': 'evil@evil.com' } }],
  ];
  for (const [name, change] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => buildMime({ ...sample(), ...change }, AT), TypeError);
    });
  }
});

function sample(): EmailMessage {
  return {
    messageId: 'm-1',
    from: { name: 'Müller', address: 'shop@example.org' },
    to: 'ada@example.com',
    subject: 'Your order has been shipped and will reach you tomorrow between nine and twelve',
    html: '<p>Hi</p>',
    headers: { 'List-Unsubscribe': '<https://example.org/u/1>' },
  };
}

function headerNames(raw: Buffer): string[] {
  const head = raw.toString('latin1').split('\r\n\r\n')[0] ?? '';
  return head
    .split('\r\n')
    .filter((line) => !/^[ \t]/.test(line))
    .map((line) => line.slice(0, line.indexOf(':')));
}

/** mailparser shows domains in Unicode. */
function asciiAddresses(mailboxes: { address?: string | undefined }[]): (string | undefined)[] {
  return mailboxes.map(({ address: shown = '' }) => {
    const parsed = parseEmailAddress(shown);
    return 'problem' in parsed ? shown : parsed.address;
  });
}

/** What a header value becomes on the way in, less the blanks around it that parsers take away. */
function header(value: string): string {
  return flattenControls(value.toWellFormed()).trim();
}

/** Bodies are compared with line ends of one kind and without blank ends, which parsers take away. */
function body(text: string | undefined): string {
  return (text ?? '')
    .toWellFormed()
    .replace(/\r\n|\r/g, '\n')
    .trim();
}
