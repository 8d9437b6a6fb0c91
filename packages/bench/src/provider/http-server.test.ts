import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { serve } from './http-server.ts';

test('requests in pieces, together and in a row are each answered once with their own body', async () => {
  const bodies: string[] = [];
  const server = serve(
    0,
    (_head, body) => {
      bodies.push(body.toString());
      return Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${bodies.length}`);
    },
    (what) => assert.fail(what),
  );
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const big = 'b'.repeat(200_000);
  const request = (body: string) => `POST / HTTP/1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  let answers = '';
  socket.on('data', (chunk) => (answers += chunk));
  const until = async (count: number) => {
    while (answers.split('HTTP/1.1').length <= count) await once(socket, 'data');
  };
  socket.write(request('one').slice(0, 20));
  socket.write(`${request('one').slice(20)}${request('two')}`);
  await until(2);
  socket.write(request(big));
  await until(3);
  assert.deepEqual(bodies, ['one', 'two', big]);
  socket.destroy();
  server.close();
});
