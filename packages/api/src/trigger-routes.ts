import { executionResponse, highThroughputCall, parseTriggerCall, unitaryCall } from '@outrigger/contracts';
import {
  type Admit,
  type Authenticator,
  checkCall,
  createAcceptor,
  createCampaignDirectory,
  createKnownProfiles,
  type Enqueue,
} from '@outrigger/pipeline';
import type { HoldBack, Pool } from '@outrigger/store';
import { startSpan } from '@outrigger/tracing';
import { Router } from 'express';
import { type Answer, type Handler, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

/** Largest trigger bodies (reliability 4.0): 20 recipients with their context fit well. */
const BODY_LIMIT_BYTES = { unitary: 1_048_576, highthroughput: 262_144 };

const CALL_ERRORS = [
  'MSG-000002',
  'MSG-000003',
  'MSG-000004',
  'MSG-000005',
  'MSG-000006',
  'MSG-000007',
  'MSG-000010',
  'MSG-000011',
  'MSG-000012',
  'MSG-000013',
  'MSG-000014',
  'MSG-000030',
  'MSG-000429',
] as const;
const DESCRIPTIONS: Record<'unitary' | 'highthroughput', RouteDescription> = {
  unitary: {
    group: 'Executions',
    summary: 'Send a message to 1 to 20 people',
    details:
      'A 202 means that the call is stored. The same requestId with the same content is answered again with the first ' +
      'execution and sends nothing; the answer then carries the header Idempotent-Replayed.',
    body: { schema: unitaryCall, limitBytes: BODY_LIMIT_BYTES.unitary },
    answers: { 202: executionResponse },
    errors: [...CALL_ERRORS, 'MSG-000020', 'MSG-000024'],
  },
  highthroughput: {
    group: 'Executions',
    summary: 'Send a message of a high-throughput campaign to 1 to 20 people',
    details: 'As unitary, without stored profiles: recipients bring everything along.',
    body: { schema: highThroughputCall, limitBytes: BODY_LIMIT_BYTES.highthroughput },
    answers: { 202: executionResponse },
    errors: [...CALL_ERRORS],
  },
};

/** `POST /executions/unitary` and `/executions/highthroughput` (reference messaging.yaml). */
export function triggerRoutes(deps: {
  pool: Pool;
  authenticate: Authenticator;
  enqueue: Enqueue;
  admit: Admit;
  holdBack?: HoldBack;
}): Router {
  const findCampaign = createCampaignDirectory(deps.pool);
  const knowProfiles = createKnownProfiles(deps.pool);
  const accept = createAcceptor(deps);

  const trigger =
    (endpoint: 'unitary' | 'highthroughput'): Handler =>
    async (call) => {
      const { traceparent } = call.req.headers;
      const parent = typeof traceparent === 'string' ? traceparent : undefined;
      const span = startSpan(`POST /ajo/im/executions/${endpoint}`, { kind: 'server', parent });
      const answer = await answerTo(endpoint, call, span.traceparent);
      if ('refusal' in answer) span.end({ 'outrigger.code': answer.refusal.code }, answer.refusal.code);
      else span.end({ 'http.response.status_code': answer.status });
      return answer;
    };

  async function answerTo(
    endpoint: 'unitary' | 'highthroughput',
    { caller, body, bodyBytes, listText }: Parameters<Handler>[0],
    traceparent: string | undefined,
  ): Promise<Answer> {
    const parsed = parseTriggerCall(endpoint, body, bodyBytes);
    if ('refusal' in parsed) return parsed;
    const checked = await checkCall(
      { ...deps, findCampaign, knowProfiles },
      caller.tenant.tenantId,
      endpoint,
      parsed.call,
    );
    if ('refusal' in checked) return checked;
    const accepted = await accept(caller, endpoint, { ...parsed.call, recipientsText: listText }, checked, traceparent);
    if ('refusal' in accepted) return accepted;
    const headers: Record<string, string> = accepted.replayed ? { 'idempotent-replayed': 'true' } : {};
    return { status: 202, body: accepted.response, headers };
  }

  const router = Router({ strict: true, caseSensitive: true });
  for (const endpoint of ['unitary', 'highthroughput'] as const) {
    const description = DESCRIPTIONS[endpoint];
    router.post(`/executions/${endpoint}`, route(deps.authenticate, 'execute', description, trigger(endpoint)));
  }
  return router;
}
