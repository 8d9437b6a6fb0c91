import type { GenericContainer, StartedTestContainer } from 'testcontainers';

const startupTimeoutMs = 120_000;

export type StoreContainer = {
  readonly image: string;
  readonly port: number;
  /** What makes a container of it: command, environment and how to see that it is ready. */
  readonly prepare: (container: GenericContainer, tools: typeof import('testcontainers')) => GenericContainer;
};

export type RunningContainer = {
  /** Where its port can be reached from here. */
  readonly host: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
};

/**
 * Runs a container where an engine answers. Returns undefined where none does or the image cannot be had; `note` hears why.
 * testcontainers is loaded only here: it is large, and most machines have no engine.
 */
export async function startContainer(
  wanted: StoreContainer,
  note: (reason: string) => void,
): Promise<RunningContainer | undefined> {
  const tools = await import('testcontainers');
  try {
    await tools.getContainerRuntimeClient();
  } catch {
    note('no container engine answers');
    return undefined;
  }
  let started: StartedTestContainer;
  try {
    const container = new tools.GenericContainer(wanted.image)
      .withExposedPorts(wanted.port)
      .withStartupTimeout(startupTimeoutMs);
    started = await wanted.prepare(container, tools).start();
  } catch (error) {
    note(`a container of ${wanted.image} could not be started: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
  return {
    host: started.getHost(),
    port: started.getMappedPort(wanted.port),
    stop: async () => {
      await started.stop();
    },
  };
}
