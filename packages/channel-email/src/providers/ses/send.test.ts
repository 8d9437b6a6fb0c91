import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifySesError } from './send.ts';

const LIVE = new AbortController().signal;

describe('connection errors of SES', () => {
  const cases: [string, Error, string][] = [
    ['a host that cannot be found', failure({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'transient.unavailable'],
    [
      'a connection attempt that timed out',
      failure({ code: 'ETIMEDOUT', syscall: 'connect' }),
      'transient.unavailable',
    ],
    ['an expired certificate', failure({ code: 'CERT_HAS_EXPIRED' }), 'transient.unavailable'],
    [
      'a handshake that broke off',
      failure(
        { code: 'ECONNRESET' },
        'Client network socket disconnected before secure TLS connection was established',
      ),
      'transient.unavailable',
    ],
    ['missing credentials', failure({ name: 'CredentialsProviderError' }), 'transient.configuration'],
    ['a broken pipe', failure({ code: 'EPIPE', syscall: 'write', name: 'TimeoutError' }), 'ambiguous.connection_lost'],
    ['a protocol error in mid-stream', failure({ code: 'EPROTO', syscall: 'read' }), 'ambiguous.connection_lost'],
    ['anything else', new Error('what'), 'ambiguous.connection_lost'],
  ];
  for (const [name, error, code] of cases) {
    it(`takes ${name} for ${code}`, () => {
      const result = classifySesError(error, 'ada@example.com', LIVE);
      assert.equal('code' in result && result.code, code);
    });
  }

  it('keeps a certain refusal certain when the deadline passes at the same time', () => {
    const refused = failure({ code: 'ECONNREFUSED', syscall: 'connect' });
    const result = classifySesError(refused, 'ada@example.com', AbortSignal.abort());
    assert.equal('code' in result && result.code, 'transient.unavailable');
  });
});

function failure(fields: { code?: string; syscall?: string; name?: string }, message = 'failed'): Error {
  return Object.assign(new Error(message), fields);
}
