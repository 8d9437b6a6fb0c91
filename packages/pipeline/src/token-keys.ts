import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** The issuer is asked for its keys again after this, and, for a key that is not known, at most this often. */
const REFRESH_MS = 10 * 60_000;
const COOLDOWN_MS = 30_000;
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 262_144;

/**
 * The public keys of the issuer, from the one address that is configured: nothing in a token is ever fetched (its `jku`, `x5u`
 * and `jwk` are not looked at). The last good set is kept while the issuer is away, and a flood of unknown key ids makes one
 * request in 30 seconds (reliability S01, A10).
 */
export function createIssuerKeys(jwksUrl: string, now: () => number = () => performance.now()): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  function ask(): Promise<void> {
    if (asking || now() - askedAt < COOLDOWN_MS) return asking ?? Promise.resolve();
    askedAt = now();
    asking = fetchKeys(jwksUrl)
      .then((found) => {
        keys = createLocalJWKSet(found);
        loadedAt = now();
      })
      // An issuer that is away is no news to the caller while there are keys; without any the token cannot be checked.
      .catch(() => undefined)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  }

  return async (header, token) => {
    if (!keys) await ask();
    else if (now() - loadedAt > REFRESH_MS) void ask();
    if (!keys) throw new IssuerAway();
    try {
      return await keys(header, token);
    } catch (error) {
      const before = loadedAt;
      await ask();
      if (loadedAt === before) throw error;
      return keys(header, token);
    }
  };
}

/** The issuer's keys were never had, so nothing can be said about a token. */
export class IssuerAway extends Error {}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  // Asked minutes apart: a connection that was kept would have been closed by the issuer just when it is needed.
  const headers = { connection: 'close' };
  const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok || !response.body) throw new Error(`the issuer answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('the key set of the issuer is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as JSONWebKeySet;
}
