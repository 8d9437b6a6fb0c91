import { markedAsDuplicate, readHistory } from './history.ts';
import type { Ledger, LedgerExecution, LedgerMessage } from './ledger-reader.ts';
import type { ClientEntry } from './load.ts';
import type { ProviderLedger } from './provider/provider-ledger.ts';

/** The promises, by what it means to break them. */
export type Rule =
  | 'lost'
  | 'doubled without record'
  | 'sent and never handed over'
  | 'handed over and not sent'
  | 'wrong person'
  | 'stranger'
  | 'refused and stored'
  | 'request stored twice'
  | 'surprising answer'
  | 'impossible history'
  | 'unmarked duplicate'
  | 'more unknown than was in flight'
  | 'report ignored';

export type LaneCount = {
  messages: number;
  sent: number;
  excluded: number;
  failed: number;
  expired: number;
  canceled: number;
  heldUnknown: number;
  everUnknown: number;
  resent: number;
  doubledWithRecord: number;
  doubledWithoutRecord: number;
  lost: number;
};

export type Verdict = {
  violations: Partial<Record<Rule, { count: number; examples: string[] }>>;
  lanes: Record<string, LaneCount>;
  /** Unknown without an ambiguous answer of the provider: a process died or stood still in the middle. */
  unexplainedUnknown: number;
  /** Unknown because no journal said which calls of a lost claim were begun: whole batches, in flight or not. */
  withoutJournal: number;
  handOvers: number;
  /** Messages of which the provider has reported; of them, those that were unknown, and those that ended as sent once. */
  reported?: { messages: number; everUnknown: number; settled: number };
};

export type CheckInput = {
  entries: ClientEntry[];
  orgIds: string[];
  ledger: Ledger;
  provider: ProviderLedger;
  /** How many calls the faults can have cut off. */
  mostUnexplained: number;
  /** How often the product itself found that a message had fallen out of its account, and mended it. */
  accountsMended: number;
};

const EXAMPLES = 5;

/** Joins what the callers were told, what the ledger says and what the providers took. Pure: values in, verdict out. */
export function check(input: CheckInput): Verdict {
  const verdict: Verdict = {
    violations: {},
    lanes: {},
    unexplainedUnknown: 0,
    withoutJournal: 0,
    handOvers: input.provider.handOvers.length,
    ...(input.provider.reports.size > 0 && { reported: { messages: 0, everUnknown: 0, settled: 0 } }),
  };
  const broken = (rule: Rule, example: string) => {
    verdict.violations[rule] ??= { count: 0, examples: [] };
    const found = verdict.violations[rule];
    found.count++;
    if (found.examples.length < EXAMPLES) found.examples.push(example);
  };
  const messages = new Map(input.ledger.messages.map((message) => [message.messageId, message]));
  const requests = Map.groupBy(input.ledger.executions, requestOf);
  const handOvers = Map.groupBy(input.provider.handOvers, ({ key }) => key);
  const keys = new Set<string>();

  for (const entry of input.entries) {
    const execution = checkEntry(entry, input.orgIds, requests, broken);
    if (execution === undefined) continue;
    entry.call.recipients.forEach((recipient, place) => {
      keys.add(recipient.key);
      const message = messages.get(execution.messageIds[place] ?? '');
      if (message === undefined || message.place !== place || message.executionId !== execution.executionId) {
        broken('lost', `${recipient.key} of ${execution.executionId} has no message`);
        return;
      }
      messages.delete(message.messageId);
      const taken = handOvers.get(recipient.key) ?? [];
      for (const { messageId, recipient: address } of taken) {
        const otherMessage = messageId !== '' && messageId !== message.messageId;
        if (otherMessage || address !== recipient.address || recipient.malformed) {
          broken('wrong person', `${recipient.key}: message ${messageId} went to ${address}`);
        }
      }
      checkMessage(message, recipient.key, taken.length, input, verdict, broken);
    });
  }
  for (const message of messages.values()) broken('stranger', `message ${message.messageId} belongs to no call`);
  for (const [key, lines] of handOvers) {
    if (!keys.has(key)) broken('stranger', `${key} was handed over ${lines.length} times and nobody asked for it`);
  }
  for (const line of input.provider.unreadable) broken('stranger', line);
  if (input.ledger.outstanding > 0) broken('lost', `${input.ledger.outstanding} messages are still outstanding`);
  if (input.accountsMended > 0) broken('lost', `the janitor mended its account ${input.accountsMended} times`);
  if (verdict.unexplainedUnknown > input.mostUnexplained) {
    broken('more unknown than was in flight', `${verdict.unexplainedUnknown}, at most ${input.mostUnexplained}`);
  }
  return verdict;
}

type Broken = (rule: Rule, example: string) => void;

function requestOf({ orgId, endpoint, requestId }: LedgerExecution): string {
  return `${orgId} ${endpoint} ${requestId}`;
}

/** What one caller was told against what was stored. Returns the stored execution. */
function checkEntry(
  { call, executionIds, answers, surprises }: ClientEntry,
  orgIds: string[],
  requests: Map<string, LedgerExecution[]>,
  broken: Broken,
): LedgerExecution | undefined {
  const name = `${call.requestId} of ${orgIds[call.tenant]}`;
  for (const surprise of surprises) broken('surprising answer', `${name}: ${surprise}`);
  const stored = requests.get(`${orgIds[call.tenant]} ${call.endpoint} ${call.requestId}`) ?? [];
  if (stored.length > 1) broken('request stored twice', name);
  if (executionIds.size > 1) broken('request stored twice', `${name}: answered ${[...executionIds].join(' and ')}`);
  const [execution] = stored;
  if (executionIds.size === 0) {
    // Somebody who got no answer, and was refused when asking again because the campaign was stopped meanwhile.
    const unanswered = ['timeout', 'reset', '503'].some((answer) => answers.has(answer));
    if (execution && !(unanswered && call.campaign.name === 'stopped')) broken('refused and stored', name);
    return execution;
  }
  const [answered] = executionIds;
  if (!execution || !answered!.endsWith(execution.executionId)) {
    broken('lost', `${name}: answered ${answered}, stored ${execution?.executionId ?? 'nothing'}`);
    return undefined;
  }
  if (execution.messageIds.length !== call.recipients.length) {
    broken('lost', `${name}: ${call.recipients.length} recipients, ${execution.messageIds.length} messages`);
  }
  return execution;
}

function checkMessage(
  message: LedgerMessage,
  key: string,
  taken: number,
  input: CheckInput,
  verdict: Verdict,
  broken: Broken,
): void {
  const { steps } = message;
  verdict.lanes[message.lane] ??= emptyLane();
  const lane = verdict.lanes[message.lane]!;
  const history = readHistory(steps);
  const states = steps.map(({ state, code }) => (code === null ? state : `${state} (${code})`)).join(', ');
  const name = `${key} ${message.messageId} [${states}]`;
  lane.messages++;
  if (!history.ended) {
    lane.lost++;
    broken(isUnfinished(history.end, steps.length) ? 'lost' : 'impossible history', name);
    return;
  }
  if (history.end !== 'sent' && steps.at(-1)!.code === null) broken('lost', `${name} ended without a code`);
  if (!markedAsDuplicate(steps)) broken('unmarked duplicate', name);
  countEnd(lane, history.end);
  if (history.resent) lane.resent++;
  if (history.doubted) {
    lane.everUnknown++;
    if (steps.some(({ detail }) => detail?.startsWith('claimed by'))) verdict.withoutJournal++;
    if (!input.provider.doubts.has(key)) verdict.unexplainedUnknown++;
  }
  if (verdict.reported && input.provider.reports.has(message.messageId)) {
    verdict.reported.messages++;
    if (history.doubted) verdict.reported.everUnknown++;
    if (history.doubted && history.end === 'sent' && taken === 1) verdict.reported.settled++;
    // Its provider has said that it took the message, and was told that this is on disk.
    if (history.end === 'unknown') broken('report ignored', name);
  }
  if (taken < history.handOvers.least) broken('sent and never handed over', name);
  if (taken > 1 && taken <= history.handOvers.most) lane.doubledWithRecord++;
  if (taken <= history.handOvers.most) return;
  if (taken > 1) {
    lane.doubledWithoutRecord++;
    broken('doubled without record', `${name} was handed over ${taken} times`);
  } else broken('handed over and not sent', name);
}

function isUnfinished(end: string, steps: number): boolean {
  return steps === 0 || end === 'queued' || end === 'deferred' || end === 'unknown';
}

function countEnd(lane: LaneCount, end: string): void {
  if (end === 'unknown') lane.heldUnknown++;
  else if (end === 'sent' || end === 'excluded' || end === 'failed' || end === 'expired' || end === 'canceled')
    lane[end]++;
}

function emptyLane(): LaneCount {
  return {
    messages: 0,
    sent: 0,
    excluded: 0,
    failed: 0,
    expired: 0,
    canceled: 0,
    heldUnknown: 0,
    everUnknown: 0,
    resent: 0,
    doubledWithRecord: 0,
    doubledWithoutRecord: 0,
    lost: 0,
  };
}
