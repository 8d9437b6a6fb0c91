const image = 'redis:7.4-alpine';
const startupTimeoutMs = 120_000;

export type RedisContainer = { readonly url: string; readonly stop: () => Promise<void> };

/**
 * Runs Redis in a container where a container engine answers. Returns undefined where none does or the image cannot be
 * had; `note` hears why. testcontainers is loaded only here: it is large, and most machines that get here have no engine.
 */
export async function startRedisContainer(note: (reason: string) => void): Promise<RedisContainer | undefined> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  try {
    await getContainerRuntimeClient();
  } catch {
    note('no container engine answers');
    return undefined;
  }
  try {
    const container = await new GenericContainer(image)
      .withCommand(['redis-server', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'])
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
      .withStartupTimeout(startupTimeoutMs)
      .start();
    const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
    return {
      url,
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    note(`a container of ${image} could not be started: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
}
