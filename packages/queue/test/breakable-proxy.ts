import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that can do what networks and crashed servers do. */
export type BreakableProxy = {
  readonly port: number;
  /** Cuts all connections and refuses new ones, as a stopped server does. */
  cut(): Promise<void>;
  /** Keeps connections open, takes new ones, passes nothing on: a stopped process (SIGSTOP) or a lost route. */
  stall(): void;
  /** Ends either. */
  mend(): Promise<void>;
  close(): Promise<void>;
};

export async function openBreakableProxy(target: { host: string; port: number }): Promise<BreakableProxy> {
  const sockets = new Set<Socket>();
  let stalled = false;
  let server = createServer(accept);
  await listen(server, 0);
  const port = (server.address() as { port: number }).port;

  function accept(client: Socket): void {
    const upstream = connect(target);
    for (const [socket, peer] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (bytes) => peer.write(bytes));
      socket.on('end', () => peer.end());
      socket.on('error', () => peer.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
      if (stalled) socket.pause();
    }
  }

  async function cut(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    port,
    cut,
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    mend: async () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
      if (server.listening) return;
      server = createServer(accept);
      await listen(server, port);
    },
    close: cut,
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
