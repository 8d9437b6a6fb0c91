import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ScriptedRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer };

/** `hang` never answers; `reset` sends a TCP reset after the whole request has been read. */
export type ScriptedReply =
  | { status: number; headers?: Record<string, string>; body?: string | Buffer }
  | 'hang'
  | 'reset';

export type ScriptedServer = {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Every request read completely, in order. */
  requests: ScriptedRequest[];
  /** Drops open connections; may be called twice. */
  close(): Promise<void>;
};

/** An HTTP/1.1 peer on a free loopback port whose every answer is decided by `reply`. */
export async function startScriptedServer(reply: (request: ScriptedRequest) => ScriptedReply): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      requests.push(request);
      const answer = reply(request);
      if (answer === 'hang') return;
      if (answer === 'reset') {
        incoming.socket.resetAndDestroy();
        return;
      }
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
