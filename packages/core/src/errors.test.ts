import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { API_ERRORS, type ApiErrorCode, errorBody, refuse } from './errors.ts';

const codes = Object.keys(API_ERRORS) as ApiErrorCode[];
const anyText = fc.string({ unit: 'binary', maxLength: 600 });

test('a code names its family and six digits, and its title is a sentence', () => {
  for (const code of codes) {
    assert.match(code, /^[A-Z]{3}-\d{6}$/);
    assert.match(API_ERRORS[code].title, /^\S.{5,}\.$/);
  }
});

test('a code that ends in an HTTP status has that status', () => {
  for (const code of codes.filter((name) => /^MSG-0004\d\d$|^MSG-0005\d\d$/.test(name))) {
    assert.equal(API_ERRORS[code].status, Number(code.slice(-3)));
  }
});

test('a refusal has the default title of its code unless it is given a better one', () => {
  assert.equal(refuse('MSG-000405').title, 'This method is not allowed here.');
  assert.equal(refuse('MSG-000405', 'Use POST.').title, 'Use POST.');
  assert.deepEqual(refuse('MSG-000405').context, {});
});

test('the body of a refusal is the documented one', () => {
  assert.deepEqual(errorBody(refuse('MSG-000010', undefined, { requestId: 'r', campaignId: 'c' })), {
    type: 'https://outrigger.dev/errors/MSG-000010-404',
    title: 'No such campaign in this sandbox.',
    status: 404,
    report: { additionalContext: { requestId: 'r', campaignId: 'c' } },
  });
});

test('control characters become spaces, and long texts are cut', () => {
  const body = errorBody(
    refuse('MSG-000009', `a\r\n\u001b[31m${'t'.repeat(1_000)}`, { requestId: `\u0000b\u0085${'r'.repeat(1_000)}` }),
  );
  assert.equal(body.title, `a   [31m${'t'.repeat(292)}`);
  assert.equal(body.report.additionalContext.requestId, ` b ${'r'.repeat(197)}`);
});

test('a cut through a surrogate pair leaves no half of it', () => {
  const { additionalContext } = errorBody(
    refuse('MSG-000009', undefined, { userId: `${'x'.repeat(199)}\u{1f680}` }),
  ).report;
  assert.equal(additionalContext.userId, `${'x'.repeat(199)}\ufffd`);
});

test('whatever a caller sent, the body is short, well-formed and free of control characters', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      anyText,
      fc.dictionary(fc.constantFrom('requestId', 'campaignId'), anyText),
      (code, title, context) => {
        const body = errorBody(refuse(code, title, context));
        const texts = [body.title, ...Object.values(body.report.additionalContext)];
        assert.ok(body.title.length <= 300);
        assert.deepEqual(Object.keys(body.report.additionalContext), Object.keys(context));
        for (const text of texts) {
          assert.ok(text.isWellFormed());
          assert.doesNotMatch(text, /\p{Cc}/u);
        }
        for (const value of texts.slice(1)) assert.ok(value.length <= 200);
      },
    ),
  );
});

test('a text that is short and clean is left as it is', () => {
  const clean = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter((text) => text.length <= 200 && text.isWellFormed() && !/\p{Cc}/u.test(text));
  fc.assert(
    fc.property(clean, (text) => {
      assert.equal(errorBody(refuse('MSG-000009', text, { requestId: text })).title, text);
      assert.equal(errorBody(refuse('MSG-000009', text, { requestId: text })).report.additionalContext.requestId, text);
    }),
  );
});
