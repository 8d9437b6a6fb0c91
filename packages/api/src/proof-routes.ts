import { requestProof } from '@outrigger/authoring';
import { proofAnswer, proofRequest } from '@outrigger/contracts';
import { executionIdText, isUuid, refuse } from '@outrigger/core';
import { type ProofFailure, type ProofJob, readProofJob } from '@outrigger/store';
import { Router } from 'express';
import { type CampaignRoutesDeps, campaignAccess } from './campaign-access.ts';
import { parseClosed } from './closed-input.ts';
import { pathParameter } from './context.ts';
import type { RouteDescription } from './describe.ts';
import { contextRefusal } from './simulation-context.ts';

const CREATE: RouteDescription = {
  group: 'Previews',
  summary: 'Send a campaign to a few addresses as a test',
  details:
    'The draft is sent where there is one, or else the live version, whatever the status of the campaign. The answer comes ' +
    'before the messages: ask for the status. Each address of each recipient is a message, with an execution (PMA-) whose ' +
    'account says what became of it; suppression and allowed list hold, consents are not asked. What blocks activation ' +
    'blocks a proof.',
  body: { schema: proofRequest, limitBytes: 1_048_576 },
  answers: { 200: proofAnswer },
  errors: ['MSG-000006', 'MSG-000007', 'MSG-000010', 'SIM-000001', 'SIM-000006'],
};
const READ: RouteDescription = {
  group: 'Previews',
  summary: 'Read how a proof went',
  answers: { 200: proofAnswer },
  errors: ['MSG-000010', 'SIM-000005'],
};

/** Proofs: sent like all messages, and told apart from them (reference simulations.yaml; spec 15.2). */
export function proofRoutes(deps: Pick<CampaignRoutesDeps, 'authenticate' | 'pool' | 'readFile'>): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const campaign = campaignAccess(deps);
  router.post(
    '/campaigns/:campaignId/proofs',
    campaign.change(CREATE, async (found, { body, caller }) => {
      const parsed = parseClosed(proofRequest, body, 'the proof');
      if ('refusal' in parsed) return parsed;
      const { recipients } = parsed.value;
      const refused = recipients.map(({ userId, context }) => contextRefusal('context', userId, context)).find(Boolean);
      if (refused) return { refusal: refused };
      const requested = await requestProof(deps.pool, deps.readFile, found, recipients, caller.keyId);
      if (requested.kind === 'created') return { status: 200, body: proofBody(requested.job) };
      if (requested.kind === 'no_content') return { refusal: refuse('SIM-000001') };
      const errors = requested.findings.filter(({ level }) => level === 'ERROR').slice(0, 20);
      const context = Object.fromEntries(errors.map(({ code, message }) => [code, message]));
      return { refusal: refuse('SIM-000006', undefined, context) };
    }),
  );
  router.get(
    '/campaigns/:campaignId/proofs/:proofJobId',
    campaign.read(READ, async ({ tenantId, campaignId }, { req }) => {
      const id = pathParameter(req, 'proofJobId');
      const job = isUuid(id) ? await readProofJob(deps.pool, tenantId, campaignId, id) : undefined;
      return job ? { status: 200, body: proofBody(job) } : { refusal: refuse('SIM-000005') };
    }),
  );
  return router;
}

function proofBody(job: ProofJob) {
  const { proofJobId, status, startedAt } = job;
  const proofs = job.variants.map(({ variantId, messageId, targeted, submitted, failures, executionIds }) => ({
    messageId,
    variantId,
    ...(startedAt && { startDate: startedAt.toISOString() }),
    targeted,
    submitted,
    // One of several recipients that fails does not make its variant fail.
    status: status === 'CREATED' || status === 'PROCESSING' ? status : submitted === 0 ? 'FAILED' : 'SUBMITTED',
    proofFailureReasons: failures.map(failureBody),
    executionIds: executionIds.map((id) => executionIdText('proof', id)),
  }));
  const href = `/ajo/simulations/campaigns/${job.campaignId}/proofs/${proofJobId}`;
  return { proofJobId, status, proofs, _links: { self: { href } } };
}

function failureBody({ userId, reason }: ProofFailure) {
  const type = 'https://outrigger.dev/errors/SIM-000004-400';
  return { profileIds: [userId], failureReasons: [{ type, title: reason, status: '400' }] };
}
