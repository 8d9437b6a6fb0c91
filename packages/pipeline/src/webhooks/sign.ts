import { createHmac } from 'node:crypto';
import type { LeasedWebhook } from '@outrigger/store';
import { SignJWT } from 'jose';

/** A receiver refuses what is older or younger: docs/webhooks.md. */
const TOKEN_LIVES_SECONDS = 300;

/** A secret in the notation of Standard Webhooks (`whsec_` and base64) is the bytes that it stands for, any other its text. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
}

/** HMAC-SHA256 over id, timestamp and body, as Standard Webhooks has it. */
export function signatureOf(secret: string, id: string, timestampSeconds: number, body: string): string {
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestampSeconds}.${body}`).digest('base64');
  return `v1,${mac}`;
}

type Signer = Pick<LeasedWebhook, 'authentication' | 'secret' | 'headers' | 'orgId' | 'sandboxName'>;

/** The headers of a post: the person's own, which event it is, and what proves that it is from us. */
export async function postHeaders(
  webhook: Signer,
  eventId: string,
  body: string,
  nowMs: number,
): Promise<Record<string, string>> {
  const timestamp = Math.floor(nowMs / 1_000);
  const headers: Record<string, string> = {
    'user-agent': 'Outrigger',
    ...webhook.headers,
    'content-type': 'application/json; charset=utf-8',
    'x-webhook-id': eventId,
    'webhook-id': eventId,
    'webhook-timestamp': String(timestamp),
  };
  if (webhook.secret === null) return headers;
  headers['webhook-signature'] = signatureOf(webhook.secret, eventId, timestamp, body);
  if (webhook.authentication === 'jwt') headers.authorization = `Bearer ${await tokenOf(webhook, eventId, timestamp)}`;
  return headers;
}

function tokenOf({ secret, orgId, sandboxName }: Signer, eventId: string, timestamp: number): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('outrigger')
    .setSubject(`${orgId}/${sandboxName}`)
    .setIssuedAt(timestamp)
    .setExpirationTime(timestamp + TOKEN_LIVES_SECONDS)
    .setJti(eventId)
    .sign(keyOf(secret!));
}
