import type { OutcomeCode } from './codes.ts';
import { describeCode } from './codes.ts';
import { BOUNCE_CODES, type BounceClass, type BounceCode, type FeedbackFact } from './feedback.ts';
import type { MessageState } from './states.ts';

/**
 * What a webhook is told (spec 12.3). `bounce` covers the late bounces too, which say `out_of_band`; `complaint` is ours, because
 * nothing there stands for it.
 */
export const FEEDBACK_EVENTS = [
  'sent',
  'delivered',
  'bounce',
  'error',
  'exclude',
  'delay',
  'complaint',
  'denylist',
] as const;
export type FeedbackEvent = (typeof FEEDBACK_EVENTS)[number];
/** Those that a webhook gets unless it asks for others (spec 12.2). */
export const USUAL_FEEDBACK_EVENTS = ['sent', 'delivered', 'bounce', 'error'] as const satisfies FeedbackEvent[];

/** `feedbackStatus.value` (spec 12.3). `duplicate` never occurs: a call that comes again is answered with the first one's ids. */
export type FeedbackValue = FeedbackEvent | 'out_of_band';

/** A state that the ledger recorded, or a fact that a provider reported. */
export type RecordedEvent =
  | { kind: 'state'; state: MessageState; code: OutcomeCode | null; previous: MessageState | null }
  | {
      kind: 'fact';
      fact: FeedbackFact;
      class: BounceClass | '';
      code: BounceCode | null;
      at: Date;
      deliveredAt: Date | null;
    };

export type MessageFailure = {
  category: 'sync' | 'async';
  type: 'Hard' | 'Soft' | 'Ignored';
  code: string;
  reason: string;
};
export type MessageFeedback = {
  event: FeedbackEvent;
  value: FeedbackValue;
  exclusion?: { code: string; reason: string };
  failure?: MessageFailure;
};

/** Where a message ends, of which each has exactly one (F095): it went out, was not to go out, could not, or may not. */
export const FINAL_VALUES = ['sent', 'exclude', 'error', 'denylist'] as const;

/**
 * What an event of the ledger means to the outside; undefined for what is between us and ourselves. An unknown outcome is told
 * only when it is held for a person, as an error whose type says that it is no verdict; a report of the provider may still turn it
 * into `sent`. That a person gives such a message up changes nothing of what was told.
 */
export function feedbackOf(event: RecordedEvent): MessageFeedback | undefined {
  return event.kind === 'state' ? ofState(event) : ofFact(event);
}

function ofState({ state, code, previous }: Extract<RecordedEvent, { kind: 'state' }>): MessageFeedback | undefined {
  if (state === 'sent') return { event: 'sent', value: 'sent' };
  if (code === null) return undefined;
  const reason = describeCode(code);
  const failure = (type: MessageFailure['type']): MessageFailure => ({ category: 'sync', type, code, reason });
  switch (state) {
    case 'excluded':
    case 'canceled': {
      const event = code === '050031' ? 'denylist' : 'exclude';
      return { event, value: event, exclusion: { code, reason } };
    }
    case 'failed':
      return { event: 'error', value: 'error', failure: failure(code.startsWith('permanent.') ? 'Hard' : 'Ignored') };
    case 'expired':
      return code === 'expired.given_up' ? undefined : { event: 'error', value: 'error', failure: failure('Soft') };
    case 'unknown':
      return previous === 'unknown' ? { event: 'error', value: 'error', failure: failure('Ignored') } : undefined;
    case 'deferred':
      // A brake is our own doing and says nothing of the message.
      return code === 'policy.paused' ? undefined : { event: 'delay', value: 'delay', failure: failure('Soft') };
    default:
      return undefined;
  }
}

const TYPES = { hard: 'Hard', soft: 'Soft', ignored: 'Ignored', '': 'Ignored' } as const;

function ofFact(event: Extract<RecordedEvent, { kind: 'fact' }>): MessageFeedback | undefined {
  const { fact, code, at, deliveredAt } = event;
  const failure: MessageFailure = {
    category: 'async',
    type: TYPES[event.class],
    code: code ?? fact,
    reason: code ? BOUNCE_CODES[code].label : (WORDS[fact] ?? fact),
  };
  switch (fact) {
    case 'delivered':
      return { event: 'delivered', value: 'delivered' };
    case 'bounced': {
      const late = event.class === 'hard' && deliveredAt !== null && deliveredAt < at;
      return { event: 'bounce', value: late ? 'out_of_band' : 'bounce', failure };
    }
    // The provider took the message and refused it then: to the sender that is a bounce.
    case 'rejected':
    case 'render_failed':
      return { event: 'bounce', value: 'bounce', failure: { ...failure, type: 'Ignored' } };
    case 'delayed':
      return { event: 'delay', value: 'delay', failure: { ...failure, type: 'Soft' } };
    case 'complained':
      return { event: 'complaint', value: 'complaint' };
    default:
      // That the provider took it is evidence for us; the ledger's own `sent` tells it.
      return undefined;
  }
}

const WORDS: Partial<Record<FeedbackFact, string>> = {
  bounced: 'The provider reported a bounce.',
  delayed: 'The provider could not deliver it yet and goes on trying.',
  rejected: 'The provider took the message and then refused it.',
  render_failed: 'The provider could not make the message from its template.',
};
