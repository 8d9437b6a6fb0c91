import { parseTriggerCall } from '@outrigger/contracts';
import {
  type Admit,
  type Authenticator,
  checkCall,
  createAcceptor,
  createCampaignDirectory,
  type Enqueue,
} from '@outrigger/pipeline';
import type { Pool } from '@outrigger/store';
import { Router } from 'express';
import { type Handler, route } from './context.ts';

/** Largest trigger bodies (reliability 4.0): 20 recipients with their context fit well. */
const BODY_LIMIT_BYTES = { unitary: 1_048_576, highthroughput: 262_144 };

/** `POST /executions/unitary` and `/executions/highthroughput` (reference messaging.yaml). */
export function triggerRoutes(deps: {
  pool: Pool;
  authenticate: Authenticator;
  enqueue: Enqueue;
  admit: Admit;
}): Router {
  const findCampaign = createCampaignDirectory(deps.pool);
  const accept = createAcceptor(deps);

  const trigger =
    (endpoint: 'unitary' | 'highthroughput'): Handler =>
    async ({ caller, body, bodyBytes }) => {
      const parsed = parseTriggerCall(endpoint, body, bodyBytes);
      if ('refusal' in parsed) return parsed;
      const checked = await checkCall({ ...deps, findCampaign }, caller.tenant.tenantId, endpoint, parsed.call);
      if ('refusal' in checked) return checked;
      const accepted = await accept(caller, endpoint, parsed.call, checked);
      if ('refusal' in accepted) return accepted;
      const headers: Record<string, string> = accepted.replayed ? { 'idempotent-replayed': 'true' } : {};
      return { status: 202, body: accepted.response, headers };
    };

  const router = Router({ strict: true, caseSensitive: true });
  for (const endpoint of ['unitary', 'highthroughput'] as const) {
    const options = { bodyLimitBytes: BODY_LIMIT_BYTES[endpoint] };
    router.post(`/executions/${endpoint}`, route(deps.authenticate, 'execute', trigger(endpoint), options));
  }
  return router;
}
