import { healthReport } from '@outrigger/contracts';
import { checkHealth, type HealthCheck } from '@outrigger/runtime';
import { Router } from 'express';
import { openRoute } from './describe.ts';

/** `GET /health` (reference messaging.yaml): 200 while calls can be accepted, 503 with the dependency that is missing. */
export function healthRoute(checks: HealthCheck[]): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const description = {
    group: 'Health',
    summary: 'Whether calls can be accepted',
    answers: { 200: healthReport, 503: healthReport },
  };
  router.get(
    '/health',
    openRoute(description, async (_req, res) => {
      const health = await checkHealth(checks);
      res.status(health.ready ? 200 : 503).json({ status: health.ready ? 'up' : 'down', ...health.dependencies });
    }),
  );
  return router;
}
