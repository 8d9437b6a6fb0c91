import { startContainer } from './container.ts';

export type RedisContainer = { readonly url: string; readonly image: string; readonly stop: () => Promise<void> };

const image = 'redis:7.4-alpine';

/** Runs Redis in a container; see `startContainer` for when there is none. */
export async function startRedisContainer(note: (reason: string) => void): Promise<RedisContainer | undefined> {
  const running = await startContainer(
    {
      image,
      port: 6379,
      prepare: (container, { Wait }) =>
        container
          .withCommand(['redis-server', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'])
          .withWaitStrategy(Wait.forLogMessage('Ready to accept connections')),
    },
    note,
  );
  return running && { url: `redis://${running.host}:${running.port}`, image, stop: running.stop };
}
