/**
 * An SES of a few lines, in a process of its own so that its CPU is not counted: reads requests by their Content-Length and says
 * yes to each, at once. Prints its port.
 */
import { type AddressInfo, createServer } from 'node:net';

const yes = (body: string) =>
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
const ONE = yes('{"MessageId":"0100018b-1111-2222-3333"}');
const MANY = Array.from({ length: 51 }, (_, count) =>
  yes(JSON.stringify({ BulkEmailEntryResults: Array(count).fill({ Status: 'SUCCESS', MessageId: '0100018b-1111' }) })),
);
const ENTRY = Buffer.from('"Destination"');

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      const headEnd = pending.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = pending.latin1Slice(0, headEnd);
      const end = headEnd + 4 + Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (pending.length < end) return;
      const body = pending.subarray(headEnd + 4, end);
      pending = pending.subarray(end);
      socket.write(head.includes('/outbound-bulk-emails') ? MANY[count(body)]! : ONE);
    }
  });
});

function count(body: Buffer): number {
  let found = 0;
  for (let at = body.indexOf(ENTRY); at >= 0; at = body.indexOf(ENTRY, at + 1)) found += 1;
  return found;
}

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
