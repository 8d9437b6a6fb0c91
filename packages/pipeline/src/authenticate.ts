import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '@outrigger/core';
import type { ApiKey, Pool, Scope, Tenant } from '@outrigger/store';
import { createKeyCache } from './key-cache.ts';
import type { VerifyToken } from './token-verifier.ts';

/** Who calls: a tenant (organisation and sandbox) and the key, or the client of a token, that speaks for it. */
export type Caller = { tenant: Tenant; keyId: string; keyName: string; scopes: readonly Scope[] };

export type Authenticator = (
  headers: IncomingHttpHeaders,
  scope: Scope,
) => Promise<{ caller: Caller } | { refusal: Refusal }>;

/**
 * Checks the four headers of a call (spec 6.1): `x-api-key` names the key, `Authorization: Bearer` carries its secret,
 * `x-gw-ims-org-id` and `x-sandbox-name` say for which tenant. With a configured issuer the bearer may be one of its tokens
 * instead, and `x-api-key` is the client that it was issued to.
 */
export function createAuthenticator(pool: Pool, verifyToken?: VerifyToken): Authenticator {
  const cache = createKeyCache(pool);

  return async function authenticate(headers, scope) {
    const keyId = single(headers['x-api-key']);
    const orgId = single(headers['x-gw-ims-org-id']);
    const sandboxName = single(headers['x-sandbox-name']);
    const secret = /^Bearer ([\x21-\x7e]{1,8192})$/.exec(headers.authorization ?? '')?.[1];
    if (secret === undefined) {
      return { refusal: refuse('MSG-000401', 'Send the header Authorization: Bearer <secret of your API key>.') };
    }
    if (keyId === undefined)
      return { refusal: refuse('MSG-000401', 'Send the header x-api-key with the id of your API key.') };
    if (orgId === undefined) return { refusal: refuse('MSG-000001', 'Send the header x-gw-ims-org-id.') };
    if (sandboxName === undefined) return { refusal: refuse('MSG-000001', 'Send the header x-sandbox-name.') };
    const credential = TOKEN.test(secret) ? await byToken(secret, keyId) : await bySecret(secret, keyId);
    if ('refusal' in credential) return credential;
    const covered = credential.orgId === orgId && credential.sandboxNames.includes(sandboxName);
    const tenant = covered ? await cache.tenant(orgId, sandboxName) : undefined;
    if (!tenant) {
      return { refusal: refuse('MSG-000403', 'This key may not act for this organisation and sandbox.') };
    }
    if (!credential.scopes.includes(scope)) {
      return { refusal: refuse('MSG-000403', `This key lacks the scope ${scope}.`) };
    }
    return { caller: { tenant, keyId, keyName: credential.name, scopes: credential.scopes } };
  };

  async function bySecret(secret: string, keyId: string): Promise<Credential | { refusal: Refusal }> {
    const key = await cache.key(keyId, (one) => proves(secret, one));
    if (!key) return { refusal: refuse('MSG-000401', 'The API key or its secret is wrong, revoked or expired.') };
    return key;
  }

  async function byToken(token: string, clientId: string): Promise<Credential | { refusal: Refusal }> {
    const grant = verifyToken ? await verifyToken(token) : 'refused';
    if (grant === 'issuer_away') {
      const refusal = refuse('MSG-000503', 'The keys of the token issuer cannot be had; ask again.');
      return { refusal: { ...refusal, retryAfterSeconds: 5 } };
    }
    if (grant === 'refused' || grant.clientId !== clientId) {
      return { refusal: refuse('MSG-000401', 'The token is wrong, expired, or not of this client and issuer.') };
    }
    return { ...grant, name: clientId };
  }
}

/** What a caller may do, once it is known who it is. */
type Credential = { name: string; orgId: string; sandboxNames: string[]; scopes: Scope[] };

/** A secret of ours has no dots; a token (a JWS or JWE in compact form, or what pretends to be one) has. */
const TOKEN = /\./;

/** The present secret, or the one before while a rotation is under way, of a key that has not expired. */
function proves(secret: string, { secretHash, previous, expiresAt }: ApiKey): boolean {
  if (expiresAt && expiresAt.getTime() <= Date.now()) return false;
  if (secretMatches(secret, secretHash)) return true;
  return previous !== undefined && previous.until.getTime() > Date.now() && secretMatches(secret, previous.secretHash);
}

/** Secrets are 256 random bits, so one SHA-256 is enough; equal-length digests compare in constant time. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function secretMatches(secret: string, kept: Buffer): boolean {
  const given = hashSecret(secret);
  return given.length === kept.length && timingSafeEqual(given, kept);
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
