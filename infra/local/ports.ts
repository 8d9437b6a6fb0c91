import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/** A port that something wants to listen on, and the variable that moves it elsewhere. */
export type PortWish = { readonly port: number; readonly wantedBy: string; readonly variable: string };

/** True when nothing listens on the port, on loopback or on all addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  // Both are needed: a listener on 127.0.0.1 does not keep [::] from being bound, nor the other way round.
  for (const host of ['127.0.0.1', undefined]) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Below the ports that systems hand out by themselves (from 32768 on Linux, 49152 on macOS), above the well-known ones. */
const searchedPorts = { from: 15_000, to: 32_000 };
const handedOut = new Set<number>();

/**
 * A port that was free a moment ago, and a different one at each call. Not one that the system chose: it gives the same
 * number to the next who asks, which is how two servers that start together come to want one port.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(searchedPorts.from, searchedPorts.to);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isPortFree(port)) return port;
  }
}

/** One sentence for each wish that cannot come true: the port, who wants it, and what to change. Empty: all is well. */
export async function findPortProblems(wishes: readonly PortWish[]): Promise<string[]> {
  const problems: string[] = [];
  const takenBy = new Map<number, PortWish>();
  for (const wish of wishes) {
    const advice = `set ${wish.variable} to another port`;
    const earlier = takenBy.get(wish.port);
    if (!Number.isInteger(wish.port) || wish.port < 1 || wish.port > 65_535) {
      problems.push(`${wish.variable} is not a port number (1 to 65535); ${wish.wantedBy} listens there`);
    } else if (earlier !== undefined) {
      problems.push(`port ${wish.port} is wanted by ${earlier.wantedBy} and by ${wish.wantedBy}: ${advice}`);
    } else if (!(await isPortFree(wish.port))) {
      problems.push(
        `port ${wish.port} is in use, and ${wish.wantedBy} wants it: stop what listens there, or ${advice}`,
      );
    }
    takenBy.set(wish.port, wish);
  }
  return problems;
}

/** True when something accepts connections there. */
export function canConnect(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
