import { startContainer } from './container.ts';

export type PostgresContainer = { readonly url: string; readonly image: string; readonly stop: () => Promise<void> };

const image = 'postgres:18-alpine';
const name = 'outrigger';
/** Of a server that lives as long as a test run, on this machine's own port. */
const password = 'outrigger';

/** Runs a PostgreSQL for tests in a container, which keeps nothing; see `startContainer` for when there is none. */
export async function startPostgresContainer(note: (reason: string) => void): Promise<PostgresContainer | undefined> {
  const running = await startContainer(
    {
      image,
      port: 5432,
      prepare: (container, { Wait }) =>
        container
          .withEnvironment({ POSTGRES_USER: name, POSTGRES_PASSWORD: password, POSTGRES_DB: name })
          .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=300', '-c', 'jit=off'])
          .withHealthCheck({
            // By TCP: while the database is being made, a temporary server answers on the socket alone.
            test: ['CMD', 'pg_isready', '--quiet', '--host=127.0.0.1', `--username=${name}`, `--dbname=${name}`],
            interval: 500,
            timeout: 5_000,
            retries: 120,
          })
          .withWaitStrategy(Wait.forHealthCheck()),
    },
    note,
  );
  if (running === undefined) return undefined;
  return { url: `postgres://${name}:${password}@${running.host}:${running.port}/${name}`, image, stop: running.stop };
}
