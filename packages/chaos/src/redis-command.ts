import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends one inline command to Redis and returns its raw answer. Enough for FLUSHALL and INFO; no client library needed. */
export async function redisCommand(url: string, command: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), timeout: 3_000 });
  socket.on('timeout', () => socket.destroy(new Error('Redis does not answer')));
  try {
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    const [data] = (await once(socket, 'data')) as [Buffer];
    return data.toString();
  } finally {
    socket.destroy();
  }
}

/** The process id of a Redis, for freezing it. */
export async function redisProcessId(url: string): Promise<number> {
  const processId = Number(/process_id:(\d+)/.exec(await redisCommand(url, 'INFO server'))?.[1]);
  if (!Number.isInteger(processId)) throw new Error('Redis did not say its process id');
  return processId;
}
