import type { UnknownCode } from './codes.ts';
import type { RefusalCode } from './provider.ts';

/**
 * Errors of a connection by Node's error code. Certain is only what ends before a connection stands, or before its TLS
 * handshake is done: no byte of a message can have gone out (reliability 5.4).
 */
export const NETWORK_CODES = {
  ECONNREFUSED: 'transient.unavailable',
  ENOTFOUND: 'transient.unavailable',
  EAI_AGAIN: 'transient.unavailable',
  EAI_FAIL: 'transient.unavailable',
  EHOSTUNREACH: 'transient.unavailable',
  ENETUNREACH: 'transient.unavailable',
  EADDRNOTAVAIL: 'transient.unavailable',
  EMFILE: 'transient.unavailable',
  CERT_HAS_EXPIRED: 'transient.unavailable',
  CERT_NOT_YET_VALID: 'transient.unavailable',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'transient.unavailable',
  SELF_SIGNED_CERT_IN_CHAIN: 'transient.unavailable',
  UNABLE_TO_GET_ISSUER_CERT: 'transient.unavailable',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'transient.unavailable',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'transient.unavailable',
  ERR_TLS_CERT_ALTNAME_INVALID: 'transient.unavailable',
  ECONNRESET: 'ambiguous.connection_lost',
  EPIPE: 'ambiguous.connection_lost',
  ETIMEDOUT: 'ambiguous.timeout',
} as const satisfies Record<string, RefusalCode | UnknownCode>;

/** Messages of Node and OpenSSL for a handshake that failed; their codes (ECONNRESET, EPROTO) are used later on too. */
const HANDSHAKE_FAILED = /before secure TLS connection was established|wrong version number|alert handshake failure/;

/** The class of a connection error, or undefined when it is not one. */
export function networkCode(error: {
  code?: string;
  message: string;
  syscall?: string;
}): RefusalCode | UnknownCode | undefined {
  if (error.syscall === 'connect' || HANDSHAKE_FAILED.test(error.message)) return 'transient.unavailable';
  return error.code !== undefined && Object.hasOwn(NETWORK_CODES, error.code)
    ? NETWORK_CODES[error.code as keyof typeof NETWORK_CODES]
    : undefined;
}
