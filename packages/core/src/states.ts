import type { OutcomeCode } from './codes.ts';

/**
 * The states of a message, as its account shows them. `queued` and `sending` follow from the batch that holds the message;
 * every other state is its latest event in the ledger.
 */
export const MESSAGE_STATES = [
  'queued',
  'sending',
  'sent',
  'deferred',
  'excluded',
  'failed',
  'expired',
  'canceled',
  'unknown',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** States in which nothing more happens by itself. `unknown` is one once its policy has decided to hold it. */
export const END_STATES = ['sent', 'excluded', 'failed', 'expired', 'canceled', 'unknown'] as const;

/**
 * Every legal state change, by name. There is no other way to change a state; docs/lifecycle.md is checked against this table.
 */
export const TRANSITIONS = {
  accept: { from: [], to: 'queued', by: 'ingress: 202 is answered after this is committed' },
  claim: { from: ['queued', 'deferred'], to: 'sending', by: 'worker: one token for the whole batch' },
  release: { from: ['sending'], to: 'queued', by: 'worker stopping, or a dead worker whose journal shows no call' },
  to_sent: { from: ['sending'], to: 'sent', by: 'the provider accepted' },
  to_deferred: { from: ['sending'], to: 'deferred', by: 'a certain refusal that may be tried again' },
  to_excluded: { from: ['sending'], to: 'excluded', by: 'address resolution or a gate' },
  to_failed: { from: ['sending'], to: 'failed', by: 'a refusal for good, or content that cannot be rendered' },
  to_expired: { from: ['sending'], to: 'expired', by: 'the deadline passed' },
  to_canceled: { from: ['sending'], to: 'canceled', by: 'the campaign was stopped' },
  to_unknown: { from: ['sending'], to: 'unknown', by: 'no answer, or a worker that died mid-call' },
  settle_sent: {
    from: ['unknown'],
    to: 'sent',
    by: "evidence: the journal of the worker that made the call, its late result, or the provider's own report",
  },
  settle_hold: { from: ['unknown'], to: 'unknown', by: 'policy hold: a person decides' },
  settle_resend: { from: ['unknown'], to: 'queued', by: 'policy resend, once, marked as a possible duplicate' },
  redrive: { from: ['failed', 'unknown'], to: 'queued', by: 'a person, from the dead letters' },
  give_up: { from: ['failed', 'unknown'], to: 'expired', by: 'a person, from the dead letters' },
} as const satisfies Record<string, { from: readonly MessageState[]; to: MessageState; by: string }>;
export type Transition = keyof typeof TRANSITIONS;

/** How one attempt at a message ended. Values, never exceptions. */
export type Outcome =
  | { state: 'sent'; providerMessageId: string }
  | {
      state: 'deferred';
      code: OutcomeCode;
      detail?: string;
      retryAfterMs?: number;
      costsAttempt: boolean;
      brakeId?: string;
    }
  | { state: 'excluded' | 'failed' | 'expired' | 'canceled' | 'unknown'; code: OutcomeCode; detail?: string };

/** What happens to a message whose outcome stays unknown: sent once more and marked, or left for a person. */
export type UnknownPolicy = 'resend' | 'hold';
