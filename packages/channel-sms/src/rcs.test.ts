import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '@outrigger/core';
import { createSmsChannel } from './channel.ts';
import { createSmsProvider } from './providers/index.ts';

const channel = createSmsChannel(createSmsProvider({ SMS_PROVIDER: 'sandbox' }, { keep: () => Promise.resolve() }));

function compose(content: JsonObject, parts: Record<string, string> = {}) {
  return channel.compose({
    messageId: 'm-1',
    target: { phoneNumber: '+4915112345678' },
    settings: { sender: 'Shop' },
    category: 'transactional',
    parts: { text: 'fallback', ...parts },
    content,
  });
}
const composeRcs = (rcs: JsonObject, parts: Record<string, string> = {}) => compose({ messageType: 'rcs', rcs }, parts);
const HTTPS = 'https://cdn.shop.example/a.jpg';

describe('the content of an RCS message (F066)', () => {
  it('has its templates filled in, and its coordinates as numbers', () => {
    const made = composeRcs(
      {
        type: 'carousel',
        cards: [
          { title: 'Hi {{ profile.name }}', mediaUri: HTTPS },
          {
            description: 'Second',
            suggestions: [{ type: 'viewLocation', text: 'Map', latitude: '{{ context.lat }}', longitude: 18.06 }],
          },
        ],
      },
      { 'rcs:cards.0.title': 'Hi Ada', 'rcs:cards.1.suggestions.0.latitude': ' 59.33 ' },
    );
    assert.deepEqual('message' in made && made.message.rcs, {
      type: 'carousel',
      cards: [
        { title: 'Hi Ada', mediaUri: HTTPS },
        {
          description: 'Second',
          suggestions: [{ type: 'viewLocation', text: 'Map', latitude: 59.33, longitude: 18.06 }],
        },
      ],
    });
    assert.equal('message' in made && made.message.text, 'fallback');
  });

  const refused: [string, JsonObject, RegExp][] = [
    ['over 3,072 characters', { type: 'text', text: 'x'.repeat(3_073) }, /3072 is the limit/],
    ['an empty text', { type: 'text', text: '' }, /empty/],
    ['media without TLS', { type: 'media', mediaUri: 'http://a.example/a.jpg' }, /no https/],
    ['one card in a carousel', { type: 'carousel', cards: [{ title: 'a' }] }, /2 cards/],
    ['an empty card', { type: 'card', card: {} }, /no title/],
    ['a place that is none', { type: 'location', latitude: 91, longitude: 0 }, /latitude/],
    ['a place in words', { type: 'location', latitude: 'north', longitude: 0 }, /latitude/],
    [
      'a suggestion that is too long',
      { type: 'text', text: 'a', suggestions: [{ type: 'reply', text: 'x'.repeat(26) }] },
      /1 to 25/,
    ],
    [
      'a link with a scheme of its own',
      { type: 'text', text: 'a', suggestions: [{ type: 'openUrl', text: 'Go', url: 'javascript:alert(1)' }] },
      /no https/,
    ],
    [
      'a number without country code',
      { type: 'text', text: 'a', suggestions: [{ type: 'dial', text: 'Call', phoneNumber: '070 1' }] },
      /country code/,
    ],
  ];
  for (const [name, rcs, reason] of refused) {
    it(`fails with ${name}`, () => {
      const made = composeRcs(rcs);
      assert.match(JSON.stringify(made), reason);
      assert.equal('failed' in made && made.failed, '050302');
    });
  }

  it('is never sent without a text to fall back on', () => {
    const made = composeRcs({ type: 'text', text: 'Hi' }, { text: ' ' });
    assert.equal('failed' in made && made.failed, '050302');
  });
});

describe('an MMS (F066)', () => {
  it('has its address and subject beside a text of up to 1,600 characters', () => {
    const text = 'x'.repeat(1_600);
    const made = compose({ messageType: 'mms' }, { text, title: ' New ', mediaUri: HTTPS });
    assert.deepEqual('message' in made && made.message.mms, { title: 'New', mediaUri: HTTPS });
    assert.ok('failed' in compose({ messageType: 'mms' }, { text: `${text}x`, mediaUri: HTTPS }));
    assert.ok('failed' in compose({ messageType: 'sms' }, { text }));
  });

  for (const mediaUri of [
    '',
    'http://a.example/b',
    'https://u:p@a.example/b',
    'https:///b',
    'file:///etc/passwd',
    `${HTTPS}\nX: y`,
  ]) {
    it(`fails with the address ${JSON.stringify(mediaUri)}`, () => {
      assert.ok('failed' in compose({ messageType: 'mms' }, { mediaUri }));
    });
  }
});
