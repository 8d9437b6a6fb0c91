import type { RefusalCode, UnknownCode } from '@outrigger/core';

/** Tokens that play a failure, by their first letters: `refuse`, `throttle-anas-phone`. Every other token is accepted. */
export const SANDBOX_TOKENS = {
  /** The app was uninstalled. */
  refuse: 'permanent.recipient',
  /** The content is refused. */
  spam: 'permanent.content',
  /** The provider asks us to slow down. */
  throttle: 'transient.throttled',
  /** The account is paused. */
  paused: 'transient.configuration',
  /** The provider cannot be reached. */
  down: 'transient.unavailable',
  /** The message is taken and the connection breaks before the answer. */
  lost: 'ambiguous.connection_lost',
  /** The message is taken and no answer ever comes: the deadline ends the call. */
  silent: 'ambiguous.timeout',
} as const satisfies Record<string, RefusalCode | UnknownCode>;
export type SandboxBehaviour = keyof typeof SANDBOX_TOKENS;

/** The failure that a token plays, or undefined. */
export function sandboxBehaviour(token: string): SandboxBehaviour | undefined {
  return (Object.keys(SANDBOX_TOKENS) as SandboxBehaviour[]).find((name) => token.startsWith(name));
}
