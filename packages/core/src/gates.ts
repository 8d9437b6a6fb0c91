import type { Channel } from './channel.ts';
import { describeCode, type OutcomeCode } from './codes.ts';
import type { MessageState } from './states.ts';

type Category = 'marketing' | 'transactional';
type Asked = { channel: Channel; category: Category };
type Gate = { name: string; asks: string; of(message: Asked): boolean; codes: readonly OutcomeCode[] };

const always = () => true;
const byEmail = ({ channel }: Asked) => channel === 'email';

/**
 * What a message has to get past in one attempt, in the order in which it is asked (spec 7.4; pipeline's deliver.ts). A message
 * ends at the first gate that stops it, so its code says which gates it passed before: that is why nothing more than the code
 * is stored, and why the explanation is of that moment and never of a later look. Gates may be added; two never change places.
 */
export const GATES = [
  { name: 'campaign', asks: 'Is the campaign still running?', of: always, codes: ['canceled.campaign_stopped'] },
  { name: 'deadline', asks: 'Is it in time?', of: always, codes: ['expired.deadline'] },
  {
    name: 'brake',
    asks: 'Does a person hold it?',
    of: always,
    codes: ['canceled.by_operator', 'policy.paused'],
  },
  {
    name: 'address',
    asks: 'Is there an address to send to?',
    of: always,
    codes: ['050020', '050021', '050024', '050030', '050031', '050033', '050034', '050152', '050153'],
  },
  {
    name: 'suppression_list',
    asks: 'Is the address, or its domain, suppressed?',
    of: byEmail,
    codes: ['050102', '050105'],
  },
  {
    name: 'allowed_list',
    asks: 'Does an allowed list leave it out?',
    of: byEmail,
    codes: ['050103', '050106'],
  },
  {
    name: 'consent',
    asks: 'Has the person consented?',
    of: ({ category }) => category === 'marketing',
    codes: ['050101', '050104', '050111'],
  },
  {
    name: 'holdout',
    asks: 'Does an experiment give this person nothing?',
    of: always,
    codes: ['050018'],
  },
  {
    name: 'attachments',
    asks: 'Can its files be read?',
    of: byEmail,
    codes: ['050083', 'transient.attachment'],
  },
  {
    name: 'content',
    asks: 'Can it be rendered for this person?',
    of: always,
    codes: ['050109', '050301', '050302', 'policy.sender_missing'],
  },
  {
    name: 'provider',
    asks: 'Does the provider take it?',
    of: always,
    codes: [
      'permanent.recipient',
      'permanent.content',
      'permanent.configuration',
      'permanent.attempts_exhausted',
      'transient.throttled',
      'transient.unavailable',
      'transient.refused',
      'transient.configuration',
      'ambiguous.timeout',
      'ambiguous.connection_lost',
      'ambiguous.response',
      'ambiguous.worker_lost',
    ],
  },
] as const satisfies readonly Gate[];
export type GateName = (typeof GATES)[number]['name'];

/** Ends that no gate gives: they follow from how attempts went, or a person decided them afterwards. */
export const UNGATED_CODES: readonly OutcomeCode[] = ['bug.poison', 'expired.given_up'];

/** `not_asked`: the gate is not for this kind of message. `not_reached`: an earlier one stopped it, or it was not tried yet. */
export const GATE_FINDINGS = ['passed', 'stopped', 'not_asked', 'not_reached'] as const;
export type GateFinding = {
  gate: GateName;
  asks: string;
  found: (typeof GATE_FINDINGS)[number];
  code?: OutcomeCode;
  reason?: string;
  detail?: string;
};

/** The part of an event that the explanation is made of. */
export type AttemptEnd = { state: MessageState; code: string | null; detail: string | null };

/** What each gate found in the latest attempt at a message, in order. `events`: what happened to it, oldest first. */
export function explainGates(message: Asked, events: readonly AttemptEnd[]): GateFinding[] {
  const attempt = events.findLast((event) => event.state === 'sent' || stopping(event.code) >= 0);
  // Before the first attempt nothing was asked; a message that went out got past the last gate.
  const end = attempt === undefined ? -1 : attempt.state === 'sent' ? GATES.length : stopping(attempt.code);
  return GATES.map(({ name, asks, of }, place): GateFinding => {
    const gate = { gate: name, asks };
    if (attempt?.code && place === end) {
      const code = attempt.code as OutcomeCode;
      const detail = attempt.detail === null ? {} : { detail: attempt.detail };
      return { ...gate, found: 'stopped', code, reason: describeCode(code), ...detail };
    }
    if (!of(message)) return { ...gate, found: 'not_asked' };
    return { ...gate, found: place < end ? 'passed' : 'not_reached' };
  });
}

/** The place of the gate that gives a code, or -1. */
function stopping(code: string | null): number {
  return code === null ? -1 : GATES.findIndex((gate) => (gate.codes as readonly string[]).includes(code));
}
