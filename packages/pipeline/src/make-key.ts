import { randomBytes } from 'node:crypto';
import { hashSecret } from './authenticate.ts';

/** A new key id and secret: 32 random bytes that are shown once; only the hash is kept. */
export function makeKey(): { keyId: string; secret: string; secretHash: Buffer } {
  return { keyId: `key_${randomBytes(9).toString('base64url')}`, ...makeSecret() };
}

export function makeSecret(): { secret: string; secretHash: Buffer } {
  const secret = `ors_${randomBytes(32).toString('base64url')}`;
  return { secret, secretHash: hashSecret(secret) };
}
