import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An HTTP answer as it came over the wire. `body` is its JSON, or undefined. */
export type RawAnswer = {
  status: number;
  headers: Record<string, string>;
  text: string;
  body: Record<string, unknown> | undefined;
};

/** A plain socket to the server: clients of every library are too polite to send what a hostile one sends. */
export type RawConnection = {
  socket: Socket;
  write(data: string | Buffer): void;
  /** The next answers, in order. Rejects when the connection closes before they are there. */
  answers(count: number): Promise<RawAnswer[]>;
  /** Resolves when the server has closed the connection, with whatever came that was not taken by `answers`. */
  closed(): Promise<RawAnswer[]>;
};

export async function openRawConnection(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let unread = Buffer.alloc(0);
  let ended = false;
  let wake = () => {};
  const arrived: RawAnswer[] = [];
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    for (let taken = takeAnswer(unread); taken; taken = takeAnswer(unread)) {
      arrived.push(taken.answer);
      unread = unread.subarray(taken.length);
    }
    wake();
  });
  const onEnd = () => {
    ended = true;
    socket.end();
    wake();
  };
  socket.on('end', onEnd).on('close', onEnd).on('error', onEnd);
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  return {
    socket,
    write: (data) => void socket.write(data),
    async answers(count) {
      while (arrived.length < count) {
        if (ended) throw new Error(`the server closed after ${arrived.length} of ${count} answers`);
        await change();
      }
      return arrived.splice(0, count);
    },
    async closed() {
      while (!ended) await change();
      return arrived.splice(0);
    },
  };
}

/** Sends bytes on a connection of their own and reads the first answer. */
export async function sendRaw(port: number, ...data: (string | Buffer)[]): Promise<RawAnswer> {
  const connection = await openRawConnection(port);
  for (const part of data) connection.write(part);
  const [answer] = await connection.answers(1);
  connection.socket.destroy();
  return answer!;
}

function takeAnswer(bytes: Buffer): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number(statusLine!.split(' ')[1]);
  const length = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < length) return undefined;
  const text = bytes.subarray(headEnd + 4, length).toString();
  const json = headers['content-type']?.startsWith('application/json') && text !== '';
  return { answer: { status, headers, text, body: json ? JSON.parse(text) : undefined }, length };
}
