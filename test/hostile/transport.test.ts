/** Hostile transport and credentials (reliability 4.1): refused in the documented shape, and nothing is written. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { hashSecret } from '@outrigger/pipeline';
import { revokeApiKey } from '@outrigger/store';
import { createTestCaller, waitFor } from '@outrigger/testkit';
import { assertRefusal, call, startHostileIngress, UNITARY } from './ingress.ts';
import { openRawConnection, type RawAnswer, type RawConnection, sendRaw } from './raw-http.ts';

const ingress = await startHostileIngress();
const { port, pool, caller } = ingress;
// Keys are kept in memory by the ingress, so all of them are made before the first call.
const stranger = await createTestCaller(pool, hashSecret);
const sibling = await createTestCaller(pool, hashSecret, { orgId: caller.tenant.orgId, sandboxName: 'stage' });
const reader = await createTestCaller(pool, hashSecret, { scopes: ['read', 'manage'] });
const expired = await createTestCaller(pool, hashSecret);
await pool.query(`UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE key_id = $1`, [expired.keyId]);
const revoked = await createTestCaller(pool, hashSecret);
const goodBody = () => JSON.stringify(call(ingress.campaignIds.unitary));
const withHeaders = (headers: Record<string, string | undefined>) => () => ingress.send({ headers, body: goodBody() });

/** A whole request as text. Headers replace the good ones; undefined leaves one out. */
function rawRequest(
  options: { line?: string; headers?: Record<string, string | undefined>; extra?: string[]; body?: string } = {},
): string {
  const { line = `POST ${UNITARY} HTTP/1.1`, body = goodBody() } = options;
  const headers = { host: 'ingress', ...caller.headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ ...headers, ...options.headers })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`);
  return `${[line, ...lines, ...(options.extra ?? [])].join('\r\n')}\r\n\r\n${body}`;
}

describe('credentials', () => {
  const rows: [string, string, string, Record<string, string | undefined>, RegExp][] = [
    ['A01', 'no Authorization', 'MSG-000401-401', { authorization: undefined }, /Authorization: Bearer/],
    ['A02', 'Basic', 'MSG-000401-401', { authorization: 'Basic dXNlcjpwYXNz' }, /Authorization: Bearer/],
    ['A02', 'Bearer without a secret', 'MSG-000401-401', { authorization: 'Bearer ' }, /Authorization: Bearer/],
    ['A02', 'two secrets', 'MSG-000401-401', { authorization: `Bearer ${caller.secret} x` }, /Authorization: Bearer/],
    ['A14', 'a token over 8 kB', 'MSG-000401-401', { authorization: `Bearer ${'t'.repeat(8_193)}` }, /Authorization/],
    ['A14', 'a token of 100 kB', 'MSG-000431-431', { authorization: `Bearer ${'t'.repeat(100_000)}` }, /headers/],
    ['A16', 'no x-api-key', 'MSG-000401-401', { 'x-api-key': undefined }, /x-api-key/],
    ['A16', 'an unknown x-api-key', 'MSG-000401-401', { 'x-api-key': 'key-none' }, /wrong, revoked or expired/],
    [
      'A16',
      'a built-in name for x-api-key',
      'MSG-000401-401',
      { 'x-api-key': '__proto__' },
      /wrong, revoked or expired/,
    ],
    ['A19', 'no x-gw-ims-org-id', 'MSG-000001-400', { 'x-gw-ims-org-id': undefined }, /x-gw-ims-org-id/],
    ['A19', 'no x-sandbox-name', 'MSG-000001-400', { 'x-sandbox-name': undefined }, /x-sandbox-name/],
    ['A19', 'an empty x-sandbox-name', 'MSG-000001-400', { 'x-sandbox-name': '' }, /x-sandbox-name/],
  ];
  for (const [row, what, code, headers, title] of rows) {
    test(`${row}: ${what} is ${code}`, async () => {
      const answer = await ingress.refused(code, withHeaders(headers));
      assert.match(String(answer.body?.title), title);
      assert.equal(answer.headers['www-authenticate'], code.endsWith('401') ? 'Bearer' : undefined);
    });
  }

  test('A16: a wrong secret of the same or of another length gets the same answer', async () => {
    const sameLength = `${caller.secret.slice(0, -1)}${caller.secret.endsWith('x') ? 'y' : 'x'}`;
    const secrets = [
      sameLength,
      caller.secret.slice(0, 5),
      `${caller.secret}x`,
      hashSecret(caller.secret).toString('hex'),
    ];
    const answers = [];
    for (const secret of secrets) {
      answers.push(await ingress.refused('MSG-000401-401', withHeaders({ authorization: `Bearer ${secret}` })));
    }
    assert.equal(new Set(answers.map((answer) => answer.text)).size, 1);
  });

  test("A20: an unknown sandbox, another organisation's and a sandbox of the same organisation get the same 403", async () => {
    const answers = [];
    for (const headers of [
      { 'x-sandbox-name': 'no-such-sandbox' },
      { 'x-gw-ims-org-id': stranger.tenant.orgId },
      { 'x-sandbox-name': sibling.tenant.sandboxName },
      { 'x-sandbox-name': `${caller.tenant.sandboxName} \u00e5` },
      { 'x-gw-ims-org-id': `${caller.tenant.orgId}, ${stranger.tenant.orgId}` },
    ]) {
      answers.push(await ingress.refused('MSG-000403-403', withHeaders(headers)));
    }
    assert.equal(new Set(answers.map((answer) => answer.text)).size, 1);
  });

  test('A22: a key without the scope execute cannot execute', async () => {
    const answer = await ingress.refused('MSG-000403-403', withHeaders(reader.headers));
    assert.match(String(answer.body?.title), /execute/);
  });

  test('A17: an expired key is refused at once, a revoked one within seconds', async () => {
    await ingress.refused('MSG-000401-401', withHeaders(expired.headers));
    const get = () => ingress.send({ path: UNITARY, headers: revoked.headers, body: '{}' });
    assert.equal((await get()).status, 400, 'the key is known');
    await revokeApiKey(pool, revoked.keyId);
    await waitFor('the revocation', async () => (await get()).status === 401);
  });
});

describe('header values', () => {
  test('A23: a line break or a control character in a header is 400 from the parser', async () => {
    for (const extra of ['x-api-key: a\rb', 'x-evil: a\u0000b', 'x-evil: a\n b', 'x evil: a', ': a', 'x-evil']) {
      await ingress.refused('MSG-000001-400', () => sendRaw(port, rawRequest({ extra: [extra] })));
    }
  });

  test('A25: another charset or media type is 415', async () => {
    for (const type of [
      'application/json; charset=utf-16',
      'application/json; charset=klingon',
      'application/json; charset=utf-8; charset=utf-16',
      'application/json, text/plain',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
      undefined,
    ]) {
      await ingress.refused('MSG-000415-415', withHeaders({ 'content-type': type }));
    }
  });

  test('A25: utf-8 may be named in any spelling', async () => {
    for (const type of ['application/json;charset=UTF-8', 'Application/JSON; charset="utf-8"', 'application/json']) {
      await ingress.accepted(1, withHeaders({ 'content-type': type }));
    }
  });

  test('A26: a compressed body is refused unread, so that no bomb can unfold', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'identity, gzip']) {
      await ingress.refused('MSG-000415-415', withHeaders({ 'content-encoding': encoding }));
    }
  });

  test('A35: a method override is ignored', async () => {
    await ingress.accepted(1, withHeaders({ 'x-http-method-override': 'DELETE', 'x-method-override': 'GET' }));
  });

  test("A37: a caller's request id is replaced by ours, whatever it is", async () => {
    for (const requestId of ['mine', 'x'.repeat(1_024), '<script>', '\u00e5']) {
      const answer = await ingress.accepted(1, withHeaders({ 'x-request-id': requestId }));
      assert.ok(!answer.headers['x-request-id']?.includes(requestId));
    }
    const smuggled = rawRequest({ extra: ['x-request-id: a\r\nset-cookie: evil=1'] });
    const answer = await ingress.accepted(1, () => sendRaw(port, smuggled));
    assert.equal(answer.headers['set-cookie'], undefined);
  });

  test('two answers never have the same request id', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ingress.send({ body: '' })));
    assert.equal(new Set(answers.map((answer) => answer.headers['x-request-id'])).size, 50);
  });
});

describe('sizes', () => {
  test('A28: a body announced with 999,999,999 bytes is refused at once, before any of it, and the connection closes', async () => {
    for (const authorization of [caller.headers.authorization, 'Bearer wrong']) {
      const headers = { 'content-length': '999999999', authorization };
      await ingress.refused('MSG-000413-413', async () => {
        const connection = await openRawConnection(port);
        connection.write(rawRequest({ headers, body: '' }));
        const [answer] = await connection.answers(1);
        assert.equal(answer!.headers.connection, 'close');
        await connection.closed();
        return answer!;
      });
    }
  });

  test('A28: a length that no number can hold is 400 or 413', async () => {
    const huge = rawRequest({ headers: { 'content-length': '9'.repeat(40) }, body: '' });
    await ingress.refused('MSG-000001-400', () => sendRaw(port, huge));
    for (const length of ['-1', '1e3', '0x10', '5, 5', '']) {
      const strange = rawRequest({ headers: { 'content-length': length }, body: '' });
      await ingress.refused('MSG-000001-400', () => sendRaw(port, strange));
    }
  });

  test('a body over the limit that is really sent gets its answer, and the connection goes on', async () => {
    const big = JSON.stringify(call(ingress.campaignIds.unitary, { padding: 'x'.repeat(1_048_576) }));
    await ingress.refused('MSG-000413-413', async () => {
      const connection = await openRawConnection(port);
      connection.write(rawRequest({ body: big }));
      connection.write(rawRequest({ body: '{}' }));
      const [answer, next] = await connection.answers(2);
      assert.equal(next!.status, 400);
      connection.socket.destroy();
      return answer!;
    });
  });

  test('a chunked body over the limit gets its answer, and one without end is hung up on', async () => {
    const headers = { 'transfer-encoding': 'chunked', 'content-length': undefined };
    await ingress.refused('MSG-000413-413', async () => {
      const connection = await openRawConnection(port);
      connection.write(rawRequest({ headers, body: '' }));
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      for (let sent = 0; sent < 17; sent++) connection.write(chunk);
      const [answer] = await connection.answers(1);
      for (let sent = 0; sent < 80; sent++) connection.write(chunk);
      const begin = performance.now();
      await connection.closed();
      assert.ok(performance.now() - begin < 5_000, 'without waiting for the time-out');
      return answer!;
    });
  });

  test('A32: the answer is not lost when the caller goes on sending', async () => {
    await ingress.refused('MSG-000431-431', async () => {
      const connection = await openRawConnection(port);
      connection.socket.pause();
      connection.write(rawRequest().split('\r\n\r\n')[0]!);
      const more = `\r\nx-big: ${'x'.repeat(20_000)}`;
      for (let sent = 0; sent < 50; sent++) connection.write(more);
      await new Promise((resolve) => connection.socket.write(more, resolve));
      connection.socket.resume();
      const [answer] = await connection.answers(1);
      connection.socket.destroy();
      return answer!;
    });
  });

  test('A32: headers of 20 kB are 431, also when there are many of them', async () => {
    const one = rawRequest({ extra: [`x-big: ${'x'.repeat(20_000)}`] });
    await ingress.refused('MSG-000431-431', () => sendRaw(port, one));
    const many = rawRequest({ extra: Array.from({ length: 1_500 }, (_, index) => `x-${index}: ${index}`) });
    await ingress.refused('MSG-000431-431', () => sendRaw(port, many));
  });

  test('A32: a URL of 9 kB or 20 kB is 414', async () => {
    for (const length of [9_000, 20_000, 60_000]) {
      const long = rawRequest({ line: `POST ${UNITARY}?${'q'.repeat(length)} HTTP/1.1` });
      await ingress.refused('MSG-000414-414', () => sendRaw(port, long));
    }
  });
});

describe('slow callers', async () => {
  const patient = await startHostileIngress({ requestTimeoutMs: 1_000 });
  /** Long after the time-out and long before Node's own look at its connections, every 30 s. */
  const SOON_MS = 8_000;

  /** Sends the start of a request, then what `keepOn` does, and reads the answer and the end of the connection. */
  async function slowly(start: string, keepOn = (_connection: RawConnection) => {}): Promise<RawAnswer> {
    const begin = performance.now();
    const connection = await openRawConnection(patient.port);
    connection.write(start);
    const timer = setInterval(() => keepOn(connection), 100);
    const [answer] = await connection.answers(1);
    clearInterval(timer);
    assert.deepEqual(await connection.closed(), []);
    assert.ok(performance.now() - begin < SOON_MS, 'the time-out is kept');
    return answer!;
  }

  test('A29: a body that stops coming is 408 when its time is over', async () => {
    const headers = { ...patient.caller.headers, 'content-length': '50' };
    await patient.refused('MSG-000408-408', () => slowly(rawRequest({ headers, body: '{"req' })));
  });

  test('A29: a body that comes byte by byte is 408 too', async () => {
    const headers = { ...patient.caller.headers, 'content-length': '5000' };
    const start = rawRequest({ headers, body: '{' });
    await patient.refused('MSG-000408-408', () => slowly(start, (connection) => connection.write(' ')));
  });

  test('A29: headers that come byte by byte are 408', async () => {
    const start = `POST ${UNITARY} HTTP/1.1\r\nhost: `;
    await patient.refused('MSG-000408-408', () => slowly(start, (connection) => connection.write('x')));
  });

  test('A29: a stranger who is slow is told 401 at once', async () => {
    const headers = { authorization: 'Bearer wrong', 'content-length': '50' };
    await patient.refused('MSG-000401-401', () => sendRaw(patient.port, rawRequest({ headers, body: '{' })));
  });
});

describe('framing', () => {
  const chunked = 'transfer-encoding: chunked';
  const rows: [string, string][] = [
    ['Content-Length and Transfer-Encoding', rawRequest({ extra: [chunked] })],
    ['two Content-Lengths that differ', rawRequest({ extra: ['content-length: 5'] })],
    ['two Content-Lengths that agree', rawRequest({ body: '{}', extra: ['content-length: 2'] })],
    [
      'a Transfer-Encoding that is not chunked',
      rawRequest({ headers: { 'content-length': undefined }, extra: ['transfer-encoding: xchunked'] }),
    ],
    [
      'chunked before another encoding',
      rawRequest({ headers: { 'content-length': undefined }, extra: ['transfer-encoding: chunked, identity'] }),
    ],
    ['a space before the colon', rawRequest({ extra: ['transfer-encoding : chunked'] })],
    ['a chunk size that is no number', rawRequest({ headers: { 'content-length': undefined }, extra: [chunked] })],
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/9.9', rawRequest({ line: `POST ${UNITARY} HTTP/9.9` })],
    ['a method that does not exist', rawRequest({ line: `PUSHY ${UNITARY} HTTP/1.1` })],
    ['a space in the path', rawRequest({ line: `POST ${UNITARY} x HTTP/1.1` })],
    ['no Host', rawRequest({ headers: { host: undefined } })],
  ];
  for (const [what, bytes] of rows) {
    test(`A31: ${what} is 400 and the connection closes`, async () => {
      await ingress.refused('MSG-000001-400', async () => {
        const connection = await openRawConnection(port);
        connection.write(Buffer.from(bytes, 'latin1'));
        const [answer] = await connection.answers(1);
        assert.equal(answer!.headers.connection, 'close');
        assert.deepEqual(await connection.closed(), [], 'one answer and no more');
        return answer!;
      });
    });
  }

  test('A38: a broken request behind good ones is answered after them, not in their place', async () => {
    const connection = await openRawConnection(port);
    connection.write(`${rawRequest()}${rawRequest()}broken\r\n\r\n`);
    const [first, second, third] = await connection.answers(3);
    assert.deepEqual([first!.status, second!.status], [202, 202]);
    assertRefusal(third!, 'MSG-000001-400');
    await connection.closed();
  });

  test('A38: 1,000 pipelined requests are answered in order, each with its own answer', async () => {
    const unknown = randomUUID();
    const calls = Array.from({ length: 1_000 }, (_, index) =>
      call(index % 3 === 0 ? unknown : ingress.campaignIds.unitary),
    );
    const connection = await openRawConnection(port);
    connection.write(calls.map((body) => rawRequest({ body: JSON.stringify(body) })).join(''));
    const answers = await connection.answers(1_000);
    connection.socket.destroy();
    answers.forEach((answer, index) => {
      const requestId = calls[index]!.requestId;
      if (index % 3 === 0) {
        assertRefusal(answer, 'MSG-000010-404');
        assert.ok(answer.text.includes(String(requestId)), 'the answer is about this call');
      } else {
        assert.equal(answer.status, 202);
        assert.equal(answer.body?.requestId, requestId);
      }
    });
  });

  test('A38: HTTP/1.0 is answered and closed', async () => {
    const connection = await openRawConnection(port);
    connection.write(rawRequest({ line: `POST ${UNITARY} HTTP/1.0`, headers: { host: undefined } }));
    const [answer] = await connection.answers(1);
    assert.equal(answer!.status, 202, answer!.text);
    await connection.closed();
  });

  test('an unknown expectation is ignored, and an offer to upgrade too', async () => {
    const extra = ['expect: the-unexpected', 'connection: upgrade', 'upgrade: websocket'];
    await ingress.accepted(1, () => sendRaw(port, rawRequest({ extra })));
  });

  test('CONNECT opens no tunnel', async () => {
    const connection = await openRawConnection(port);
    connection.write('CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n');
    assert.deepEqual(await connection.closed(), []);
  });

  test('a caller who goes away in the middle of a body leaves nothing behind', async () => {
    const connection = await openRawConnection(port);
    connection.write(rawRequest().slice(0, -10));
    connection.socket.destroy();
    await ingress.refused('MSG-000001-400', () => ingress.send({ body: '{}' }));
  });
});

describe('paths and methods', () => {
  const paths = [
    `/${UNITARY}`,
    '/ajo//im/executions/unitary',
    '/ajo/im//executions/unitary',
    '/ajo/im/executions//unitary',
    `${UNITARY}/`,
    `${UNITARY}//`,
    '/ajo/im/executions/./unitary',
    '/ajo/im/executions/x/../unitary',
    '/ajo/im/executions/%2e%2e/executions/unitary',
    '/ajo/im%2fexecutions%2funitary',
    '/ajo/im/executions\\unitary',
    '/AJO/im/executions/unitary',
    '/ajo/im/Executions/unitary',
    '/ajo/im/executions/unitary/x',
    '/im/executions/unitary',
    '/',
    '*',
    '/ajo/im/__proto__',
  ];
  for (const path of paths) {
    test(`A34: POST ${path} is MSG-000404-404`, async () => {
      await ingress.refused('MSG-000404-404', () => sendRaw(port, rawRequest({ line: `POST ${path} HTTP/1.1` })));
    });
  }

  test('A34: a path that is no known one is not guessed to be one', async () => {
    // These match the pattern of GET /executions/{executionId}, so the path exists and the method does not.
    for (const path of ['UNITARY', 'unitary%00', 'unitary;x=1', '%75nitary', 'unitary%2f', '..%2funitary']) {
      const line = `POST /ajo/im/executions/${path} HTTP/1.1`;
      const answer = await ingress.refused('MSG-000405-405', () => sendRaw(port, rawRequest({ line })));
      assert.equal(answer.headers.allow, 'GET, HEAD');
    }
  });

  test('A34: a broken percent escape is 400', async () => {
    for (const path of ['%E0%A4%A', '%', '%zz', '%c0%af']) {
      const line = `POST /ajo/im/executions/${path} HTTP/1.1`;
      await ingress.refused('MSG-000009-400', () => sendRaw(port, rawRequest({ line })));
    }
  });

  test('a wrong method on a known path is 405 and says what is allowed', async () => {
    const allowed: [string, string, string[]][] = [
      [UNITARY, 'POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']],
      ['/ajo/im/executions/highthroughput', 'POST', ['GET', 'PUT', 'DELETE', 'OPTIONS']],
      [`/ajo/im/executions/UMA-${randomUUID()}`, 'GET, HEAD', ['POST', 'DELETE', 'OPTIONS']],
      ['/ajo/im/health', 'GET, HEAD', ['POST', 'OPTIONS']],
      ['/livez', 'GET, HEAD', ['POST', 'DELETE']],
    ];
    for (const [path, allow, methods] of allowed) {
      for (const method of methods) {
        const connection = await openRawConnection(port);
        connection.write(rawRequest({ line: `${method} ${path} HTTP/1.1`, body: method === 'HEAD' ? '' : goodBody() }));
        if (method === 'HEAD') {
          connection.socket.destroy();
          const answer = await ingress.send({ path, method });
          assert.equal(answer.status, 405);
          continue;
        }
        const [answer] = await connection.answers(1);
        assertRefusal(answer!, 'MSG-000405-405');
        assert.equal(answer!.headers.allow, allow);
        connection.socket.destroy();
      }
    }
  });

  test('the query string changes nothing', async () => {
    await ingress.accepted(1, () =>
      ingress.send({ path: `${UNITARY}?requestId=x&__proto__[a]=1&a=1&a=2`, body: goodBody() }),
    );
  });

  test('every answer, also of a page that is there, carries a request id', async () => {
    for (const path of ['/livez', '/readyz', '/ajo/im/health']) {
      const answer = await ingress.send({ path, method: 'GET' });
      assert.equal(answer.status, 200);
      assert.match(answer.headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/);
    }
  });
});
