import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkProblem } from './link.ts';

describe('linkProblem', () => {
  for (const [type, uri] of [
    ['DEEPLINK', 'shop://orders/17?a=b#c'],
    ['DEEPLINK', 'https://example.com/orders'],
    ['DEEPLINK', 'tel:+4915112345678'],
    ['WEBURL', 'HTTPS://example.com/ä'],
  ] as const) {
    it(`lets ${type} ${uri} pass`, () => {
      assert.equal(linkProblem(type, uri), undefined);
    });
  }

  for (const [type, uri, problem] of [
    ['DEEPLINK', '', /empty/],
    ['DEEPLINK', 'orders/17', /no scheme/],
    ['DEEPLINK', 'JavaScript:alert(1)', /javascript:/],
    ['DEEPLINK', 'data:text/html,x', /data:/],
    ['DEEPLINK', 'shop://a b', /blank/],
    ['DEEPLINK', 'shop://a\nb', /blank/],
    ['DEEPLINK', `shop://${'a'.repeat(2_000)}`, /2000 is the limit/],
    ['WEBURL', 'shop://orders', /not a web address/],
    ['WEBURL', 'https://', /not a web address/],
  ] as const) {
    it(`stops ${type} ${JSON.stringify(uri.slice(0, 30))}`, () => {
      assert.match(linkProblem(type, uri) ?? '', problem);
    });
  }
});
