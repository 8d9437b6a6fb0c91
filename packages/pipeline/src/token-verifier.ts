import type { Scope } from '@outrigger/store';
import { type JWTPayload, jwtVerify } from 'jose';
import { createIssuerKeys, IssuerAway } from './token-keys.ts';

/** Asymmetric ones alone: a secret that the issuer shared with us would let us make its tokens. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

export type TokenSettings = {
  issuer: string;
  audience: string;
  jwksUrl: string;
  algorithms: TokenAlgorithm[];
  /** Claims by what they say: the client (it must be the x-api-key), its organisation, its sandboxes, its scopes. */
  claims: { client: string; org: string; sandboxes: string; scopes: string };
};

/** What a valid token says of who calls. */
export type TokenGrant = { clientId: string; orgId: string; sandboxNames: string[]; scopes: Scope[] };
export type VerifyToken = (token: string) => Promise<TokenGrant | 'refused' | 'issuer_away'>;

const LEEWAY_SECONDS = 30;
const MAX_AGE = '24h';
const SCOPES: readonly Scope[] = ['execute', 'read', 'manage', 'operate'];
/** A token that was verified is believed for this long, or until it expires: a signature costs more than the whole call. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 2_000;

/**
 * Checks JWT bearer tokens of the configured issuer (RFC 7519; reliability S01). What is accepted is pinned here: algorithms,
 * issuer, audience, `exp` and `iat`, an age of a day. The headers of a token choose nothing but which of the issuer's keys.
 */
export function createTokenVerifier(settings: TokenSettings): VerifyToken {
  const issuerKeys = createIssuerKeys(settings.jwksUrl);
  const remembered = new Map<string, { grant: TokenGrant; until: number }>();

  return async (token) => {
    const known = remembered.get(token);
    if (known && known.until > Date.now()) return known.grant;
    remembered.delete(token);
    try {
      const { payload } = await jwtVerify(token, issuerKeys, {
        algorithms: settings.algorithms,
        issuer: settings.issuer,
        audience: settings.audience,
        requiredClaims: ['exp', 'iat'],
        clockTolerance: LEEWAY_SECONDS,
        maxTokenAge: MAX_AGE,
      });
      const grant = grantOf(payload, settings.claims);
      if (!grant) return 'refused';
      if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!);
      remembered.set(token, { grant, until: Math.min(Date.now() + REMEMBER_MS, payload.exp! * 1_000) });
      return grant;
    } catch (error) {
      return error instanceof IssuerAway ? 'issuer_away' : 'refused';
    }
  };
}

function grantOf(payload: JWTPayload, claims: TokenSettings['claims']): TokenGrant | undefined {
  const [clientId] = texts(payload, claims.client);
  const [orgId] = texts(payload, claims.org);
  if (clientId === undefined || orgId === undefined) return undefined;
  const scopes = texts(payload, claims.scopes);
  return {
    clientId,
    orgId,
    sandboxNames: texts(payload, claims.sandboxes),
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
  };
}

/** A claim as a list: an array of texts, or one text with spaces between (as `scope` is, RFC 8693 section 4.2). */
function texts(payload: JWTPayload, name: string): string[] {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  if (typeof value === 'string') return value.split(' ').filter((text) => text !== '');
  return Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string' && text !== '') : [];
}
