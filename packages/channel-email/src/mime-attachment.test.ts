import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmailMessage } from '@outrigger/core';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { sampleEmail } from '../test/sample.ts';
import { buildMime } from './mime.ts';

const AT = new Date('2025-07-01T10:00:00Z');
const fileName = fc.oneof(
  fc.constantFrom(
    'invoice.pdf',
    'Räkning 7.pdf',
    'a "b" c.pdf',
    '発票.pdf',
    `${'ä'.repeat(99)}.pdf`,
    "it's 100%.pdf",
    '🚚.pdf',
  ),
  // As the call's schema takes them.
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 100 })
    .filter((name) => /^[^\p{Cc}/\\]*\S[^\p{Cc}/\\]*$/u.test(name)),
);
const file = fc.record({ name: fileName, bytes: fc.uint8Array({ maxLength: 400 }) });

test('files come out of the mail byte for byte, beside the texts and under their names (F045)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 5 }), fc.boolean(), async (files, withText) => {
      const sample = sampleEmail('0198a0a0-0000-7000-8000-000000000001');
      const { text: _none, ...onlyHtml } = sample;
      const message: EmailMessage = {
        ...(withText ? sample : onlyHtml),
        attachments: files.map(({ name, bytes }) => ({
          name,
          contentType: 'application/pdf',
          bytes: Buffer.from(bytes),
        })),
      };
      const raw = buildMime(message, AT);
      for (const line of raw.toString('latin1').split('\r\n')) assert.ok(line.length <= 998);
      const parsed = await simpleParser(raw);
      assert.deepEqual(
        parsed.attachments.map(({ content }) => [...content]),
        files.map(({ bytes }) => [...bytes]),
      );
      assert.equal(parsed.html, sample.html);
      if (withText) assert.equal(parsed.text?.startsWith('Grüße, Ada'), true);
      const other = await PostalMime.parse(raw);
      assert.deepEqual(
        other.attachments.map(({ content }) => [...new Uint8Array(content as ArrayBuffer)]),
        files.map(({ bytes }) => [...bytes]),
      );
      assert.deepEqual(
        other.attachments.map(({ mimeType, disposition }) => [mimeType, disposition]),
        files.map(() => ['application/pdf', 'attachment']),
      );
      const names = files.map(({ name }) => name.toWellFormed());
      if (names.every((name) => !/["\\]/.test(name)))
        assert.deepEqual(
          other.attachments.map(({ filename }) => filename),
          names,
        );
      assert.deepEqual(
        parsed.attachments.map(({ filename }) => filename),
        names,
      );
    }),
    { numRuns: 100 },
  );
});

test('bytes that messages share are encoded once (F045)', () => {
  const shared = { name: 'terms.pdf', contentType: 'application/pdf', bytes: Buffer.from('%PDF-1.7 terms') } as const;
  const message = { ...sampleEmail('a'), attachments: [shared] };
  assert.match(buildMime(message, AT).toString('latin1'), /JVBERi0xLjcgdGVybXM=/);
  // Encoded anew, the change would show.
  shared.bytes.write('%PDF-2.0');
  assert.match(buildMime(message, AT).toString('latin1'), /JVBERi0xLjcgdGVybXM=/);
});
