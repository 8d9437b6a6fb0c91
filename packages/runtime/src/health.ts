import { exposition } from '@outrigger/metrics';
import type { Express } from 'express';

/** A dependency of a service: resolves when it answers, rejects when it does not. */
export type HealthCheck = { name: string; check(): Promise<unknown> };

const CHECK_WITHIN_MS = 1_500;

/** Asks every dependency, none longer than a moment. Says for each whether it answered. */
export async function checkHealth(
  checks: HealthCheck[],
): Promise<{ ready: boolean; dependencies: Record<string, string> }> {
  const answers = await Promise.all(
    checks.map(async ({ name, check }) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('no answer')), CHECK_WITHIN_MS);
      });
      const answer = await Promise.race([check(), late]).then(
        () => 'up',
        () => 'down',
      );
      clearTimeout(timer);
      return [name, answer] as const;
    }),
  );
  return { ready: answers.every(([, answer]) => answer === 'up'), dependencies: Object.fromEntries(answers) };
}

/**
 * What operators ask a service: `GET /livez`: the process turns. `GET /readyz`: 200, or 503 naming the dependency that is
 * missing. `GET /metrics`: the Prometheus page (docs/metrics.md).
 */
export function addHealthRoutes(app: Express, checks: HealthCheck[]): void {
  app.get('/livez', (_req, res) => {
    res.json({ live: true });
  });
  app.get('/readyz', async (_req, res) => {
    const health = await checkHealth(checks);
    res.status(health.ready ? 200 : 503).json(health);
  });
  app.get('/metrics', async (_req, res) => {
    const { contentType, text } = await exposition();
    res.set('content-type', contentType).send(text);
  });
}
