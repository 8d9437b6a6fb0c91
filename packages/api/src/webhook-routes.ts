import { type WebhookInput, webhookAnswer, webhookInput } from '@outrigger/contracts';
import { type Refusal, refuse } from '@outrigger/core';
import { type Authenticator, webhookUrlProblem } from '@outrigger/pipeline';
import {
  createWebhook,
  deleteWebhook,
  type Pool,
  readWebhook,
  replaceWebhook,
  type Webhook,
  type WebhookSettings,
} from '@outrigger/store';
import { Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { type Answer, route } from './context.ts';
import type { RouteDescription } from './describe.ts';

const BODY_LIMIT_BYTES = 65_536;
const GROUP = 'Webhook';
const PATH = '/settings/webhook';

const CREATE: RouteDescription = {
  group: GROUP,
  summary: 'Set up the webhook of the sandbox; there is one of them',
  details: 'It is told what becomes of messages of campaigns with `enableWebhooks`, from now on.',
  body: { schema: webhookInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 201: webhookAnswer },
  errors: ['WHK-000002', 'WHK-000003', 'WHK-000004'],
};
const READ: RouteDescription = {
  group: GROUP,
  summary: 'The webhook of the sandbox, without its secrets, and how it fares',
  answers: { 200: webhookAnswer },
  errors: ['WHK-000001'],
};
const REPLACE: RouteDescription = {
  group: GROUP,
  summary: 'Replace the settings of the webhook; what it could not be told is tried again at once',
  body: { schema: webhookInput, limitBytes: BODY_LIMIT_BYTES },
  answers: { 200: webhookAnswer },
  errors: ['WHK-000001', 'WHK-000003', 'WHK-000004'],
};
const DELETE: RouteDescription = {
  group: GROUP,
  summary: 'Remove the webhook with everything that it was not told yet',
  answers: { 204: null },
  errors: ['WHK-000001'],
};

/** The webhook of a sandbox: where it hears what becomes of its messages (spec 12.1). */
export function webhookRoutes(deps: {
  pool: Pool;
  authenticate: Authenticator;
  /** Takes http and private addresses: for development. */
  allowInsecure: boolean;
}): Router {
  const { pool, authenticate, allowInsecure } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  router.post(
    PATH,
    route(authenticate, 'manage', CREATE, async ({ caller, body }) => {
      const wanted = readSettings(body, undefined, allowInsecure);
      if ('refusal' in wanted) return wanted;
      const created = await createWebhook(pool, caller.tenant.tenantId, wanted.settings, caller.keyId);
      return created ? { status: 201, body: webhookBody(created) } : { refusal: refuse('WHK-000002') };
    }),
  );
  router.get(
    PATH,
    route(authenticate, 'read', READ, async ({ caller }) => answerOf(await readWebhook(pool, caller.tenant.tenantId))),
  );
  router.put(
    PATH,
    route(authenticate, 'manage', REPLACE, async ({ caller, body }) => {
      const { tenantId } = caller.tenant;
      const present = await readWebhook(pool, tenantId);
      if (!present) return answerOf(present);
      const wanted = readSettings(body, present, allowInsecure);
      if ('refusal' in wanted) return wanted;
      return answerOf(await replaceWebhook(pool, tenantId, wanted.settings, caller.keyId));
    }),
  );
  router.delete(
    PATH,
    route(authenticate, 'manage', DELETE, async ({ caller }) => {
      const deleted = await deleteWebhook(pool, caller.tenant.tenantId, caller.keyId);
      return deleted ? { status: 204 } : { refusal: refuse('WHK-000001') };
    }),
  );
  return router;
}

/** What a body asks for; what is never shown and was left out stays as it is. */
function readSettings(
  body: unknown,
  present: Webhook | undefined,
  allowInsecure: boolean,
): { settings: WebhookSettings } | { refusal: Refusal } {
  const parsed = parseClosed(webhookInput, body, 'the webhook');
  if ('refusal' in parsed) return parsed;
  const { name, url, channels, events, authentication, headers } = parsed.value;
  const problem = webhookUrlProblem(url, allowInsecure);
  if (problem) return { refusal: refuse('WHK-000003', `url ${problem}.`) };
  const secret = secretOf(authentication, present);
  if (authentication.type !== 'none' && secret === null) return { refusal: refuse('WHK-000004') };
  const kept = { name, url, channels, events, authentication: authentication.type };
  return { settings: { ...kept, secret, headers: headers ?? present?.headers ?? {} } };
}

function secretOf(authentication: WebhookInput['authentication'], present: Webhook | undefined): string | null {
  if (authentication.type === 'none') return null;
  return authentication.secret ?? present?.secret ?? null;
}

function answerOf(webhook: Webhook | undefined): Answer {
  return webhook ? { status: 200, body: webhookBody(webhook) } : { refusal: refuse('WHK-000001') };
}

function webhookBody(webhook: Webhook) {
  const { name, url, channels, events, createdBy, modifiedBy } = webhook;
  return {
    ...{ name, url, channels, events },
    authentication: { type: webhook.authentication },
    headerNames: Object.keys(webhook.headers),
    createdAt: webhook.createdAt.toISOString(),
    createdBy,
    modifiedAt: webhook.modifiedAt.toISOString(),
    modifiedBy,
    delivery: {
      failuresInARow: webhook.failures,
      pausedUntil: webhook.pausedUntil?.toISOString() ?? null,
      goneAt: webhook.goneAt?.toISOString() ?? null,
      lastProblem: webhook.lastProblem,
      lastSuccessAt: webhook.lastSuccessAt?.toISOString() ?? null,
    },
  };
}
