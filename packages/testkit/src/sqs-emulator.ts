import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Amazon SQS (JSON protocol) with one queue: a message that was received is hidden for a while and comes back unless it is deleted. */
export type SqsEmulator = {
  url: string;
  queueUrl: string;
  put(body: string): void;
  /** Messages that are not deleted. */
  readonly length: number;
  /** How many times each body was handed out. */
  readonly receives: number;
  close(): Promise<void>;
};

const WAIT_MS = 200;

/** Starts it; it waits a fifth of a second where SQS would wait as long as it is asked to. */
export async function startSqsEmulator(hiddenMs = 500): Promise<SqsEmulator> {
  type Stored = { id: string; body: string; receipt: string; visibleAt: number };
  const messages: Stored[] = [];
  let receives = 0;

  async function receive(most: number) {
    const until = performance.now() + WAIT_MS;
    for (;;) {
      const found = messages.filter((message) => message.visibleAt <= performance.now()).slice(0, most);
      for (const message of found) {
        message.visibleAt = performance.now() + hiddenMs;
        message.receipt = randomUUID();
        receives++;
      }
      if (found.length > 0 || performance.now() > until) {
        return {
          Messages: found.map(({ id, body, receipt }) => ({
            MessageId: id,
            Body: body,
            ReceiptHandle: receipt,
            MD5OfBody: createHash('md5').update(body).digest('hex'),
          })),
        };
      }
      await delay(20);
    }
  }

  function remove(entries: { Id: string; ReceiptHandle: string }[]) {
    for (const { ReceiptHandle } of entries) {
      const place = messages.findIndex((message) => message.receipt === ReceiptHandle);
      if (place >= 0) messages.splice(place, 1);
    }
    return { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] };
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const input = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const action = String(request.headers['x-amz-target']).split('.')[1];
      const answer =
        action === 'ReceiveMessage' ? await receive(input.MaxNumberOfMessages ?? 1) : remove(input.Entries ?? []);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    queueUrl: `${url}/123456789012/events`,
    put: (body) => messages.push({ id: randomUUID(), body, receipt: '', visibleAt: 0 }),
    get length() {
      return messages.length;
    },
    get receives() {
      return receives;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
