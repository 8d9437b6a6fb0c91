import type { RefusalCode, UnknownCode } from '@outrigger/core';

/** Numbers that play a failure, by their last four digits: `+4915112340001`. Every other number is accepted. */
export const SANDBOX_NUMBERS = {
  /** The number does not exist, or its owner opted out. */
  '0001': 'permanent.recipient',
  /** The provider asks us to slow down. */
  '0002': 'transient.throttled',
  /** The message is taken and no answer ever comes: the deadline ends the call. */
  '0003': 'ambiguous.timeout',
  /** The content is refused. */
  '0004': 'permanent.content',
  /** The spend limit is reached: messages wait for the account's owner. */
  '0005': 'transient.configuration',
  /** The provider cannot be reached. */
  '0006': 'transient.unavailable',
  /** The message is taken and the connection breaks before the answer. */
  '0007': 'ambiguous.connection_lost',
} as const satisfies Record<string, RefusalCode | UnknownCode>;
export type SandboxEnding = keyof typeof SANDBOX_NUMBERS;

/** A phone without RCS: it gets the text that the message falls back on. */
export const SANDBOX_NO_RCS = '0008';

/** The failure that a number plays, or undefined. */
export function sandboxEnding(number: string): SandboxEnding | undefined {
  const ending = number.slice(-4);
  return Object.hasOwn(SANDBOX_NUMBERS, ending) ? (ending as SandboxEnding) : undefined;
}
