import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeUrl, schemeOf } from './url.ts';

test('links to pages, mail and phones pass unchanged', () => {
  for (const url of [
    'https://a.example/?q=1:2',
    'HTTP://a.example',
    'mailto:a@b.example',
    'tel:+4670',
    '/orders/1',
    'orders?t=10:30',
    '#top',
    '',
    '//cdn.example/x',
  ]) {
    assert.equal(safeUrl(url), url);
  }
});

test('every disguise of a script URL becomes #', () => {
  const hostile = [
    ...[
      'javascript:alert(1)',
      'JaVa\tScript:alert(1)',
      '\u0001javascript:alert(1)',
      ' \n javascript:x',
      'java\u00adscript:x',
    ],
    ...[
      'data:text/html,<script>',
      'vbscript:x',
      'javascript&colon;alert(1)',
      'javascript&#58;alert(1)',
      '&#x6a;avascript:x',
    ],
    ...[
      'jav&Tab;ascript:x',
      'java\u200bscript:x',
      'file:///etc/passwd',
      'ms-msdt:/id',
      'view-source:x',
      'javascript\u0000:x',
    ],
  ];
  for (const url of hostile) assert.equal(safeUrl(url), '#', JSON.stringify(url));
  assert.equal(safeUrl(['javascript:x']), '#');
  assert.equal(safeUrl(null), null);
});

test('a colon behind the first slash, question mark or hash is no scheme', () => {
  assert.equal(schemeOf('a/b:c'), undefined);
  assert.equal(schemeOf('?javascript:x'), undefined);
  assert.equal(schemeOf('HTTPS://x'), 'https');
});

test('with a list, addresses of pages stay within its domains, and whatever leaves the web passes', () => {
  const safe = (url: string) => safeUrl(url, 'shop.example example.org');
  for (const url of [
    'https://shop.example',
    'https://SHOP.example/a?b=https://evil.example',
    'http://deep.www.shop.example:8080/',
    'https://shop.example./a',
    'https://example.org/?a=1&b=2',
    '/orders/1',
    'orders?to=https://evil.example',
    '',
    'mailto:a@b.example',
    'tel:+4670',
  ]) {
    assert.equal(safe(url), url, url);
  }
  for (const url of [
    'https://evil.example',
    'https://evil.example/shop.example',
    'https://evilshop.example',
    'https://shop.example.evil.example',
    'https://shop.example@evil.example/',
    'https://user:secret@shop.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'https:\\\\evil.example',
    ' \t//evil.example',
    'https://evil.example&#47;@shop.example/',
    'https&#58;//evil.example',
    'https://shop.example&#64;evil.example',
    'https://',
    'https://evil.example\u200b',
    'javascript:alert(1)',
  ]) {
    assert.equal(safe(url), '#', url);
  }
});
