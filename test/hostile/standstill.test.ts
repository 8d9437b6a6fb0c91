/**
 * A process that stood still (SIGSTOP, a starved machine) looks at its time-outs before it reads what arrived meanwhile: it
 * answers 408, and then has the whole call in its hands. What was answered 408 must not be stored.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { assertRefusal, call, startHostileIngress, UNITARY } from './ingress.ts';
import { openRawConnection } from './raw-http.ts';

const REQUEST_TIMEOUT_MS = 1_000;

/** A call as it goes over the wire. */
type Sent = { head: string; body: string };

const ROWS: [what: string, before: (sent: Sent) => string, meanwhile: (sent: Sent) => string][] = [
  ['a call that comes on a connection from before', () => '', ({ head, body }) => `${head}\r\n${body}`],
  [
    'the rest of a body',
    ({ head, body }) => `${head}expect: 100-continue\r\n\r\n${body.slice(0, -10)}`,
    ({ body }) => body.slice(-10),
  ],
];

describe('a process that stood still answers 408 and stores nothing', async () => {
  const ingress = await startHostileIngress({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const goodCall = (requestId: string) => JSON.stringify(call(ingress.campaignIds.unitary, { requestId }));

  for (const [what, before, meanwhile] of ROWS) {
    test(what, async () => {
      const accepted = () => ingress.send({ body: goodCall(randomUUID()) });
      // Its key is known now, so nothing comes between the headers of the next call and its body.
      await ingress.accepted(1, accepted);
      const requestId = randomUUID();
      const body = goodCall(requestId);
      const headers = { ...ingress.caller.headers, host: 'ingress', 'content-length': Buffer.byteLength(body) };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const sent = { head: `POST ${UNITARY} HTTP/1.1\r\n${lines.join('')}`, body };

      const connection = await openRawConnection(ingress.port);
      connection.write(before(sent));
      // The answer 100: the headers have been read.
      if (before(sent) !== '') await connection.answers(1);
      // After a whole turn of the event loop the server, which is in this process, has taken the connection; and what comes next
      // in the loop are its timers.
      await turn();
      connection.write(meanwhile(sent));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REQUEST_TIMEOUT_MS + 500);
      const [answer] = await connection.answers(1);
      assertRefusal(answer!, 'MSG-000408-408');
      await connection.closed();
      // A call that is taken in after it is committed after it.
      await ingress.accepted(1, accepted);
      const { rowCount } = await ingress.pool.query('SELECT FROM executions WHERE request_id = $1', [requestId]);
      assert.equal(rowCount, 0);
    });
  }
});
