import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failureOf } from './client.ts';

const LIVE = new AbortController().signal;

describe('a request without an answer', () => {
  const begun: [string, Error, string][] = [
    ['a reset', failure({ code: 'ECONNRESET', syscall: 'read' }), 'ambiguous.connection_lost'],
    ['a broken pipe', failure({ code: 'EPIPE', syscall: 'write' }), 'ambiguous.connection_lost'],
    ['a protocol error in mid-stream', failure({ code: 'EPROTO', syscall: 'read' }), 'ambiguous.connection_lost'],
    ['a socket that the far side closed', failure({ code: 'UND_ERR_SOCKET' }), 'ambiguous.connection_lost'],
    ['headers that never came', failure({ code: 'UND_ERR_HEADERS_TIMEOUT' }), 'ambiguous.timeout'],
    ['a body that stopped', failure({ code: 'UND_ERR_BODY_TIMEOUT' }), 'ambiguous.timeout'],
    ['a socket that fell silent', failure({ code: 'ETIMEDOUT', syscall: 'read' }), 'ambiguous.timeout'],
    ['an endless answer', failure({ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }), 'ambiguous.response'],
    ['what is not HTTP', failure({ code: 'HPE_INVALID_CONSTANT', name: 'HTTPParserError' }), 'ambiguous.response'],
    // Its code means certainty elsewhere. Not here: bytes went out on a connection that stood.
    ['a refused connection', failure({ code: 'ECONNREFUSED', syscall: 'connect' }), 'ambiguous.connection_lost'],
    ['anything else', new Error('what'), 'ambiguous.connection_lost'],
  ];
  for (const [name, error, code] of begun) {
    it(`is ${code} after ${name}, and certain had it not begun`, () => {
      assert.equal(codeOf(failureOf({ begun: true, error }, LIVE)), code);
      assert.equal(codeOf(failureOf({ begun: false, error }, LIVE)), 'transient.unavailable');
    });
  }

  it('is a time-out when the deadline passed, and certain all the same had it not begun', () => {
    const error = failure({ code: 'ECONNRESET', syscall: 'read' });
    assert.equal(codeOf(failureOf({ begun: true, error }, AbortSignal.abort())), 'ambiguous.timeout');
    assert.equal(codeOf(failureOf({ begun: false, error }, AbortSignal.abort())), 'transient.unavailable');
  });
});

function codeOf(result: ReturnType<typeof failureOf>): string {
  return 'code' in result ? result.code : result.kind;
}

function failure(fields: { code?: string; syscall?: string; name?: string }): Error {
  return Object.assign(new Error('failed'), fields);
}
