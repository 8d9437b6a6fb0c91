import type { RefusalCode, UnknownCode } from '@outrigger/core';

/**
 * Recipients that play a failure, by local part (anything after `+` is ignored): `throttle@example.com`,
 * `silent+order-17@example.com`. Every other recipient is accepted.
 */
export const SANDBOX_RECIPIENTS = {
  /** The recipient does not exist. */
  refuse: 'permanent.recipient',
  /** The content is refused. */
  spam: 'permanent.content',
  /** The provider asks us to slow down. */
  throttle: 'transient.throttled',
  /** The provider refuses for now. */
  busy: 'transient.refused',
  /** The account is paused. */
  paused: 'transient.configuration',
  /** The provider cannot be reached. */
  down: 'transient.unavailable',
  /** The message is taken and the connection breaks before the answer. */
  lost: 'ambiguous.connection_lost',
  /** The message is taken and an unreadable answer comes. */
  garble: 'ambiguous.response',
  /** The message is taken and no answer ever comes: the deadline ends the call. */
  silent: 'ambiguous.timeout',
} as const satisfies Record<string, RefusalCode | UnknownCode>;
export type SandboxBehaviour = keyof typeof SANDBOX_RECIPIENTS;

/** The failure that a recipient plays, or undefined. */
export function sandboxBehaviour(address: string): SandboxBehaviour | undefined {
  const name = /^[^+@]+/.exec(address)?.[0].toLowerCase() ?? '';
  return Object.hasOwn(SANDBOX_RECIPIENTS, name) ? (name as SandboxBehaviour) : undefined;
}
