import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifySnsFailure } from './failure.ts';

const failed = (fields: object, message = 'failed') => Object.assign(new Error(message), fields);
const tables = { codes: {}, parameters: {} };
const live = new AbortController().signal;

// Only what a loopback peer cannot be made to do; the rest is in test/sns.integration.test.ts.
describe('classifySnsFailure', () => {
  const cases: [what: string, error: unknown, code: string][] = [
    ['a name that does not resolve', failed({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'transient.unavailable'],
    ['a resolver that is away', failed({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }), 'transient.unavailable'],
    ['a connect that timed out', failed({ code: 'ETIMEDOUT', syscall: 'connect' }), 'transient.unavailable'],
    ['a certificate that is not trusted', failed({ code: 'CERT_HAS_EXPIRED' }), 'transient.unavailable'],
    ['credentials that cannot be had', failed({ name: 'CredentialsProviderError' }), 'transient.configuration'],
    ['a read that timed out', failed({ code: 'ETIMEDOUT', syscall: 'read' }), 'ambiguous.timeout'],
    ['a socket that fell silent', failed({ name: 'TimeoutError' }), 'ambiguous.timeout'],
    ['a reset', failed({ name: 'TimeoutError', code: 'ECONNRESET', syscall: 'read' }), 'ambiguous.connection_lost'],
    ['a broken pipe', failed({ name: 'TimeoutError', code: 'EPIPE', syscall: 'write' }), 'ambiguous.connection_lost'],
    ['an error nobody knows', new TypeError('x is not a function'), 'ambiguous.connection_lost'],
    ['something that is not an error', undefined, 'ambiguous.connection_lost'],
  ];
  for (const [what, error, code] of cases) {
    it(`reads ${what} as ${code}`, () => {
      const result = classifySnsFailure(error, live, tables);
      assert.ok(result.kind !== 'accepted');
      assert.equal(result.code, code);
      assert.equal(result.kind, code.startsWith('ambiguous.') ? 'unknown' : 'refused');
      assert.ok(result.vendorCode.length > 0);
    });
  }

  it('reads a reset after the deadline as a time-out, and a refused connection as certain all the same', () => {
    const past = AbortSignal.abort();
    assert.partialDeepStrictEqual(classifySnsFailure(failed({ code: 'ECONNRESET' }), past, tables), {
      code: 'ambiguous.timeout',
    });
    assert.partialDeepStrictEqual(classifySnsFailure(failed({ code: 'ECONNREFUSED' }), past, tables), {
      code: 'transient.unavailable',
    });
  });
});
