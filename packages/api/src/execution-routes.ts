import { executionAccount } from '@outrigger/contracts';
import { executionIdText, parseExecutionId, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import { type ExecutionAccount, type MessageAccount, type Pool, readExecution } from '@outrigger/store';
import { Router } from 'express';
import { pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';
import { codeFields, eventBody } from './event-body.ts';

const READ: RouteDescription = {
  group: 'Executions',
  summary: 'The account of an execution: what became of each message, and why',
  path: { executionId: 'As the trigger call was answered, such as UMA-018f…' },
  answers: { 200: executionAccount },
  errors: ['MSG-000404'],
};

/** `GET /executions/{executionId}`: ours (the compatible API has no such call for unitary executions). */
export function executionRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get(
    '/executions/:executionId',
    route(deps.authenticate, 'read', READ, async ({ caller, req }) => {
      const text = pathParameter(req, 'executionId');
      const executionId = parseExecutionId(text);
      const account = executionId && (await readExecution(deps.pool, caller.tenant.tenantId, executionId));
      if (!account || executionIdText(account.endpoint, account.executionId) !== text) {
        return { refusal: refuse('MSG-000404', 'There is no such execution in this sandbox.', { executionId: text }) };
      }
      return { status: 200, body: executionBody(account) };
    }),
  );
  return router;
}

function executionBody(account: ExecutionAccount) {
  return {
    executionId: executionIdText(account.endpoint, account.executionId),
    requestId: account.requestId,
    campaignId: account.campaignId,
    versionId: account.versionId,
    createdAt: account.acceptedAt.toISOString(),
    createdBy: account.createdBy,
    messages: account.messages.map(messageBody),
  };
}

function messageBody(message: MessageAccount) {
  return {
    messageId: message.messageId,
    recipientIndex: message.recipientIndex,
    lane: message.lane,
    state: message.state,
    ...codeFields(message.code),
    acceptedAt: message.acceptedAt.toISOString(),
    expiresAt: message.expiresAt.toISOString(),
    ...(message.eligibleAt && { eligibleAt: message.eligibleAt.toISOString() }),
    events: message.events.map(eventBody),
  };
}
