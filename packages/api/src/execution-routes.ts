import { executionAccount, messageReport } from '@outrigger/contracts';
import { executionIdText, explainGates, isUuid, LANES, type Lane, parseExecutionId, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import { type MessageAccount, type Pool, readExecution, readStanding, readVersionCategory } from '@outrigger/store';
import { Router } from 'express';
import { pathParameter, route } from './context.ts';
import type { RouteDescription } from './describe.ts';
import { codeFields, eventBody, feedbackBody } from './event-body.ts';

const READ: RouteDescription = {
  group: 'Executions',
  summary: 'The account of an execution: what became of each message, and why',
  path: { executionId: 'As the trigger call was answered, such as UMA-018f…' },
  answers: { 200: executionAccount },
  errors: ['MSG-000404'],
};

const READ_MESSAGE: RouteDescription = {
  group: 'Executions',
  summary: 'Why one message went or did not go: each gate, what it found, and everything that happened',
  path: { messageId: 'As the account of its execution and every webhook name it' },
  answers: { 200: messageReport },
  errors: ['MSG-000404'],
};

/** The accounts of executions and messages: ours (the compatible API has no such calls for unitary executions). */
export function executionRoutes(deps: { pool: Pool; authenticate: Authenticator }): Router {
  const { pool, authenticate } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.get(
    '/executions/:executionId',
    route(authenticate, 'read', READ, async ({ caller, req }) => {
      const text = pathParameter(req, 'executionId');
      const executionId = parseExecutionId(text);
      const account = executionId && (await readExecution(pool, caller.tenant.tenantId, executionId));
      if (!account || executionIdText(account.endpoint, account.executionId) !== text) {
        return { refusal: refuse('MSG-000404', 'There is no such execution in this sandbox.', { executionId: text }) };
      }
      const category = await readVersionCategory(pool, account.versionId);
      const messages = account.messages.map((message) => messageBody(message, category));
      const { requestId, campaignId, versionId, acceptedAt, createdBy } = account;
      const createdAt = acceptedAt.toISOString();
      return {
        status: 200,
        body: { executionId: text, requestId, campaignId, versionId, createdAt, createdBy, messages },
      };
    }),
  );
  router.get(
    '/messages/:messageId',
    route(authenticate, 'read', READ_MESSAGE, async ({ caller, req }) => {
      const messageId = pathParameter(req, 'messageId');
      const { tenantId } = caller.tenant;
      const standing = isUuid(messageId) ? await readStanding(pool, tenantId, messageId) : undefined;
      const account = standing && (await readExecution(pool, tenantId, standing.executionId));
      const message = account?.messages.find((one) => one.messageId === messageId);
      if (!account || !message) {
        return { refusal: refuse('MSG-000404', 'There is no such message in this sandbox.', { messageId }) };
      }
      const { endpoint, executionId, requestId, campaignId, versionId } = account;
      const category = await readVersionCategory(pool, versionId);
      const from = { executionId: executionIdText(endpoint, executionId), requestId, campaignId, versionId };
      return { status: 200, body: { ...from, ...messageBody(message, category) } };
    }),
  );
  return router;
}

function messageBody(message: MessageAccount, category: 'marketing' | 'transactional') {
  return {
    messageId: message.messageId,
    recipientIndex: message.recipientIndex,
    lane: message.lane,
    state: message.state,
    ...codeFields(message.code),
    acceptedAt: message.acceptedAt.toISOString(),
    expiresAt: message.expiresAt.toISOString(),
    ...(message.eligibleAt && { eligibleAt: message.eligibleAt.toISOString() }),
    gates: explainGates({ channel: LANES[message.lane as Lane].channel, category }, message.events),
    events: message.events.map(eventBody),
    ...(message.metadata && { metadata: message.metadata }),
    ...feedbackBody(message.feedback),
  };
}
