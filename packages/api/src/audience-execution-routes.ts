import {
  audienceCall,
  audienceStatus,
  executionResponse,
  nothing,
  parseAudienceCall,
  scheduleAnswer,
} from '@outrigger/contracts';
import { API_ERRORS, type ApiErrorCode, executionIdText, isUuid, parseExecutionId, refuse } from '@outrigger/core';
import { type Authenticator, acceptAudienceCall, createCampaignDirectory } from '@outrigger/pipeline';
import { type AudienceExecution, cancelSchedule, type Pool, readAudienceExecution } from '@outrigger/store';
import { Router } from 'express';
import { z } from 'zod';
import { type Answer, pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const GROUP = 'Executions';
const TRIGGER: RouteDescription = {
  group: GROUP,
  summary: 'Send a marketing campaign to its audience, now or at an instant',
  details:
    'With schedule.executeAt the answer is a schedule. Members are those of the moment when the execution starts. With a ' +
    'requestId the call can be repeated: the same call gets the first answer again.',
  body: { schema: audienceCall, limitBytes: 262_144 },
  answers: { 202: z.union([executionResponse, scheduleAnswer]) },
  errors: [
    'MSG-000006',
    'MSG-000007',
    'MSG-000010',
    'MSG-000011',
    'MSG-000012',
    'MSG-000014',
    'MSG-000021',
    'MSG-000023',
    'MSG-000030',
  ],
};
const STATUS: RouteDescription = {
  group: GROUP,
  summary: 'How far an audience execution is',
  path: { executionId: 'As the call was answered: CMA-018f…' },
  answers: { 200: audienceStatus },
  errors: ['MSG-000404'],
};
const SCHEDULE: RouteDescription = {
  group: GROUP,
  summary: 'A scheduled audience execution',
  answers: { 200: scheduleAnswer },
  errors: ['MSG-000404'],
};
const CANCEL: RouteDescription = {
  group: GROUP,
  summary: 'Delete a schedule before it is triggered',
  answers: { 200: nothing },
  errors: ['MSG-000404', 'MSG-000022'],
};

/** Audience executions and their schedules (reference messaging.yaml). */
export function audienceExecutionRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const findCampaign = createCampaignDirectory(pool);
  const router = Router({ strict: true, caseSensitive: true });
  router.post(
    '/executions/audience',
    route(authenticate, 'execute', TRIGGER, async ({ caller, body }) => {
      const parsed = parseAudienceCall(body);
      if ('refusal' in parsed) return parsed;
      const accepted = await acceptAudienceCall({ pool, findCampaign }, caller, parsed.call);
      if ('refusal' in accepted) return accepted;
      const { execution, replayed } = accepted;
      const headers: Record<string, string> = replayed ? { 'idempotent-replayed': 'true' } : {};
      return { status: 202, body: acceptedBody(execution), headers };
    }),
  );
  router.get(
    '/executions/audience/:executionId',
    route(authenticate, 'read', STATUS, async ({ caller, req }) => {
      const text = pathParameter(req, 'executionId');
      const executionId = text.startsWith('CMA-') ? parseExecutionId(text) : undefined;
      const execution = executionId && (await readAudienceExecution(pool, caller.tenant.tenantId, { executionId }));
      // A schedule that was not triggered has no execution yet.
      if (!execution || execution.startedAt === null) return notThere('execution', { executionId: text });
      return { status: 200, body: statusBody(execution) };
    }),
  );
  router.get(
    '/executions/schedules/:scheduleId',
    route(authenticate, 'read', SCHEDULE, async ({ caller, req }) => {
      const scheduleId = pathParameter(req, 'scheduleId');
      const execution = isUuid(scheduleId)
        ? await readAudienceExecution(pool, caller.tenant.tenantId, { scheduleId })
        : undefined;
      if (!execution || execution.status === 'canceled') return notThere('schedule', { scheduleId });
      return { status: 200, body: scheduleBody(execution) };
    }),
  );
  router.delete(
    '/executions/schedules/:scheduleId',
    route(authenticate, 'execute', CANCEL, async ({ caller, req }) => {
      const scheduleId = pathParameter(req, 'scheduleId');
      const outcome = isUuid(scheduleId) ? await cancelSchedule(pool, caller.tenant.tenantId, scheduleId) : 'unknown';
      if (outcome === 'canceled') return { status: 200, body: {} };
      if (outcome === 'triggered') return { refusal: refuse('MSG-000022', undefined, { scheduleId }) };
      return notThere('schedule', { scheduleId });
    }),
  );
  return router;
}

function notThere(what: string, context: Record<string, string>): Answer {
  return { refusal: refuse('MSG-000404', `There is no such ${what} in this sandbox.`, context) };
}

/** The answer of the first call, whatever has happened since: a repeated call gets the same. */
function acceptedBody(execution: AudienceExecution) {
  if (execution.scheduleId !== null) {
    const { executionDetails: _later, ...first } = scheduleBody(execution);
    return { ...first, scheduleStatus: 'Scheduled' };
  }
  const at = execution.createdAt.toISOString();
  return {
    executionId: executionIdText('audience', execution.executionId),
    requestId: execution.requestId,
    createdAt: at,
    createdBy: execution.createdBy,
    modifiedAt: at,
    modifiedBy: execution.createdBy,
  };
}

function scheduleBody(execution: AudienceExecution) {
  const triggered = execution.startedAt !== null;
  return {
    scheduleId: execution.scheduleId,
    scheduleStatus: triggered ? 'Triggered' : 'Scheduled',
    audience: { id: execution.audienceId },
    campaignId: execution.campaignId,
    executeAt: execution.executeAt?.toISOString(),
    ...(triggered && { executionDetails: statusBody(execution) }),
  };
}

const STATUSES = {
  scheduled: 'InProgress',
  running: 'InProgress',
  succeeded: 'Succeeded',
  failed: 'Failed',
  canceled: 'Failed',
} as const;

function statusBody(execution: AudienceExecution) {
  const { failureCode } = execution;
  return {
    executionId: executionIdText('audience', execution.executionId),
    campaignId: execution.campaignId,
    audienceId: execution.audienceId,
    status: STATUSES[execution.status],
    targetedProfileCount: execution.targeted,
    createdAt: execution.createdAt.toISOString(),
    ...(execution.startedAt && { startedAt: execution.startedAt.toISOString() }),
    ...(execution.finishedAt && { finishedAt: execution.finishedAt.toISOString() }),
    withoutIdentityCount: execution.withoutIdentity,
    leftOverCount: execution.leftOver,
    ...(failureCode !== null && { failureCode, failureReason: reasonOf(failureCode) }),
  };
}

function reasonOf(code: string): string {
  return Object.hasOwn(API_ERRORS, code)
    ? API_ERRORS[code as ApiErrorCode].title
    : 'The campaign was stopped before the whole audience was reached.';
}
