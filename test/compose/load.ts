import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { waitFor } from '@outrigger/testkit';
import type { ComposeProject } from './compose-project.ts';
import type { PrintedCall } from './printed-calls.ts';

export type Message = {
  messageId: string;
  state: string;
  code?: string;
  events: { state: string; possibleDuplicate?: true }[];
};

export const RECIPIENTS_A_CALL = 20;
const CALLS_AT_A_TIME = 8;
const END_STATES = ['sent', 'excluded', 'failed', 'expired', 'canceled'];

/** Makes the call with a requestId of its own and the given recipients; returns the execution's id. */
export async function trigger(call: PrintedCall, recipients = call.body.recipients): Promise<string> {
  const response = await fetch(call.url, {
    method: 'POST',
    headers: call.headers,
    body: JSON.stringify({ ...call.body, requestId: randomUUID(), recipients }),
  });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return (JSON.parse(text) as { executionId: string }).executionId;
}

/**
 * Sends so many messages of the call's campaign, each to an address of its own, and returns the executions; `executions` grows as
 * they are accepted. A call that is not answered 202 is a failure.
 */
export async function triggerMany(call: PrintedCall, messages: number, executions: string[] = []): Promise<string[]> {
  const [recipient] = call.body.recipients;
  let left = messages / RECIPIENTS_A_CALL;
  const caller = async () => {
    while (left-- > 0) {
      const recipients = Array.from({ length: RECIPIENTS_A_CALL }, () => ({
        ...recipient,
        userId: `${randomUUID()}@shop.example`,
      }));
      executions.push(await trigger(call, recipients));
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_A_TIME }, caller));
  return executions;
}

/** Waits until every message of the executions has ended, and returns their accounts. */
export async function allEnded(call: PrintedCall, executions: string[], withinMs: number): Promise<Message[]> {
  const deadline = performance.now() + withinMs;
  const accounts: Message[] = [];
  for (const executionId of executions) {
    const url = new URL(`/ajo/im/executions/${executionId}`, call.url);
    const messages = await waitFor(
      `the messages of ${executionId} to end`,
      async () => {
        const response = await fetch(url, { headers: call.headers });
        if (response.status !== 200) return undefined;
        const account = (await response.json()) as { messages: Message[] };
        return account.messages.every(({ state }) => END_STATES.includes(state)) && account.messages;
      },
      Math.max(deadline - performance.now(), 1_000),
    );
    accounts.push(...messages);
  }
  return accounts;
}

/** Messages of a load, as the API tells of them and as the provider was given them. */
export type Books = {
  accepted: number;
  sent: number;
  /** Different messages that the sandbox provider has. */
  atProvider: number;
  /** Marked as possible duplicates, and how many of those the provider really got twice. */
  marked: number;
  twice: number;
};

/** Asserts that all were sent and each reached the provider once, or twice and is marked as a possible duplicate. */
export async function assertOnceOrMarked(project: ComposeProject, messages: Message[]): Promise<Books> {
  assert.deepEqual(
    messages.filter(({ state }) => state !== 'sent'),
    [],
  );
  const marked = new Set(
    messages.filter(({ events }) => events.some((event) => event.possibleDuplicate)).map(({ messageId }) => messageId),
  );
  const rows = await project.sql('SELECT message_id, count(*) FROM sandbox_records GROUP BY message_id');
  const times = new Map(rows.map((row) => row.split('|') as [string, string]));
  for (const { messageId } of messages) {
    const given = Number(times.get(messageId) ?? 0);
    assert.ok(given === 1 || (given === 2 && marked.has(messageId)), `${messageId} was given ${given} times`);
  }
  return {
    accepted: messages.length,
    sent: messages.filter(({ state }) => state === 'sent').length,
    atProvider: messages.filter(({ messageId }) => times.has(messageId)).length,
    marked: marked.size,
    twice: messages.filter(({ messageId }) => times.get(messageId) === '2').length,
  };
}

/** The books in words. */
export function inWords({ accepted, sent, atProvider, marked, twice }: Books): string {
  const counts = `${accepted} accepted, ${sent} sent by the API, ${atProvider} at the sandbox, ${accepted - atProvider} lost`;
  return `${counts}; ${marked} marked as possible duplicates, ${twice} of them really given twice`;
}
