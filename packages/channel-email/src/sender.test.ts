import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmailSettings } from '@outrigger/core';
import { composeEmail } from './channel.ts';
import { buildMime } from './mime.ts';
import { rawRequest } from './providers/ses/request.ts';

const PARTS = { subject: 'Hello', html: '<p>Hello</p>' };
const SETTINGS: EmailSettings = { from_name: 'Shop', from_email: 'shop@shop.example' };

function compose(settings: EmailSettings, parts: Record<string, string> = {}) {
  return composeEmail({
    messageId: '0197-1',
    target: { address: 'ada@example.com' },
    settings,
    category: 'transactional',
    parts: { ...PARTS, ...parts },
    content: {},
  });
}

function rawOf(settings: EmailSettings, parts: Record<string, string> = {}): string {
  const composed = compose(settings, parts);
  assert.ok('message' in composed, JSON.stringify(composed));
  return buildMime(composed.message, new Date(0)).toString('latin1');
}

test('From and Reply-To stand in the mail as configured (F054)', () => {
  const raw = rawOf({ ...SETTINGS, reply_to_name: 'Help', reply_to_email: 'help@shop.example' });
  assert.match(raw, /^From: Shop <shop@shop.example>\r$/m);
  assert.match(raw, /^Reply-To: Help <help@shop.example>\r$/m);
  assert.doesNotMatch(raw, /^Sender:/m);
});

test('bounces go to the return path (F054)', () => {
  const composed = compose({ ...SETTINGS, return_path_email: 'bounces@shop.example' });
  assert.ok('message' in composed);
  assert.equal(composed.message.returnPath, 'bounces@shop.example');
  const request = JSON.parse(rawRequest(composed.message, Buffer.from('x'), undefined).toString());
  assert.equal(request.FeedbackForwardingEmailAddress, 'bounces@shop.example');
});

test('what a template of the configuration yields takes its place (F057)', () => {
  const settings = { ...SETTINGS, from_name: '{{ context.shop }}', reply_to_email: '{{ context.help }}' };
  const raw = rawOf(settings, { 'setting:from_name': 'Lyon', 'setting:reply_to_email': 'lyon@shop.example' });
  assert.match(raw, /^From: Lyon <shop@shop.example>\r$/m);
  assert.match(raw, /^Reply-To: lyon@shop.example\r$/m);
  assert.doesNotMatch(rawOf(settings, { 'setting:from_name': '', 'setting:reply_to_email': ' ' }), /Reply-To/);
});

test('an address that a template yields and that is none concerns this message alone (F057)', () => {
  const settings = { ...SETTINGS, from_email: '{{ context.from }}' };
  assert.deepEqual(compose(settings, { 'setting:from_email': 'nobody' }), {
    failed: '050302',
    detail: 'from_email has no local part before @',
  });
  const fixed = compose({ ...SETTINGS, from_email: 'nobody' });
  assert.equal('failed' in fixed && fixed.failed, 'permanent.configuration');
});

test('a rendered name cannot add a header (F057)', () => {
  const raw = rawOf({ ...SETTINGS, from_name: '{{ x }}' }, { 'setting:from_name': 'A\r\nBcc: evil@example.com' });
  assert.doesNotMatch(raw, /^Bcc:/m);
});

test('a Sender header is added where it differs from From; one that is empty keeps the mail back (F057)', () => {
  const differs = rawOf({ ...SETTINGS, sender_name: 'Mailer', sender_email: 'mailer@shop.example' });
  assert.match(differs, /^Sender: Mailer <mailer@shop.example>\r$/m);
  assert.doesNotMatch(rawOf({ ...SETTINGS, sender_email: SETTINGS.from_email }), /^Sender:/m);
  const empty = compose({ ...SETTINGS, sender_email: '{{ context.mailer }}' }, { 'setting:sender_email': '' });
  assert.equal('excluded' in empty && empty.excluded, 'policy.sender_missing');
});

test('the domain that the rules choose is that of From and return path; without one nothing is made (F058)', () => {
  const settings = {
    ...SETTINGS,
    return_path_email: 'bounces@shop.example',
    subdomains: [{ when: 'profile.country == "DE"', domain: 'de.shop.example' }],
  };
  const german = compose(settings, { 'setting:subdomain': 'de.shop.example' });
  assert.ok('message' in german);
  assert.deepEqual(
    [german.message.from.address, german.message.returnPath],
    ['shop@de.shop.example', 'bounces@de.shop.example'],
  );
  const nobody = compose(settings, { 'setting:subdomain': '' });
  assert.equal('excluded' in nobody && nobody.excluded, '050109');
});

test('a custom header shows in the mail (F057)', () => {
  assert.match(rawOf(SETTINGS, { 'header:X-Order': '4711' }), /^X-Order: 4711\r$/m);
});

test('the AMP version stands between text and HTML', () => {
  const raw = rawOf(SETTINGS, { text: 'Hello', amp: '<!doctype html><html amp4email></html>' });
  const types = [...raw.matchAll(/^Content-Type: (text\/[\w-]+)/gm)].map((match) => match[1]);
  assert.deepEqual(types, ['text/plain', 'text/x-amp-html', 'text/html']);
});

test('a message with a sender of its own, or with AMP, never shares a call with others', () => {
  const pieces = { html: { fixed: ['<p>', '</p>'], slots: ['Hello'] } };
  const piecesOf = (settings: EmailSettings, parts: Record<string, string> = {}) => {
    const composed = composeEmail({
      messageId: '0197-1',
      target: { address: 'ada@example.com' },
      settings,
      category: 'transactional',
      parts: { ...PARTS, ...parts },
      pieces,
      content: {},
    });
    assert.ok('message' in composed);
    return composed.message.pieces;
  };
  assert.deepEqual(piecesOf(SETTINGS), pieces);
  assert.equal(piecesOf(SETTINGS, { 'setting:from_name': 'Lyon' }), undefined);
  assert.equal(piecesOf({ ...SETTINGS, sender_email: 'mailer@shop.example' }), undefined);
  assert.equal(piecesOf({ ...SETTINGS, return_path_email: 'bounces@shop.example' }), undefined);
  assert.equal(piecesOf(SETTINGS, { amp: '<html amp4email></html>' }), undefined);
});
