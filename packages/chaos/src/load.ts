import { setTimeout as delay } from 'node:timers/promises';
import type { Tenant } from './campaigns.ts';
import { bodyOf, otherBodyOf, type PlannedCall, planCall } from './plan.ts';
import { createRandom, type Random } from './random.ts';

/** The caller's own book: what was asked and what was answered. */
export type ClientEntry = {
  call: PlannedCall;
  /** Every execution id that a 202 named; more than one is a broken promise. */
  executionIds: Set<string>;
  /** Statuses, and what happened instead of an answer, with how often. */
  answers: Map<string, number>;
  /** Answers that nothing allows, in words. */
  surprises: string[];
};

export type Load = {
  readonly entries: ClientEntry[];
  readonly acceptedMessages: number;
  readonly acceptedCalls: number;
  /** When the last 202 came, on the monotonic clock. */
  readonly lastAcceptedAt: number;
  readonly finished: boolean;
  done: Promise<void>;
};

const CLIENTS = 16;
const PATIENCE_MS = 3_000;

/**
 * Sends calls until `messages` are accepted, as clients do that must not lose one: no answer, a reset or a 503 means
 * asking the same again. `mayGoOn` holds the load back while it is ahead of the faults or of the workers.
 */
export function startLoad(options: {
  seed: number;
  messages: number;
  tenants: Tenant[];
  ingressUrls: () => string[];
  mayGoOn: (acceptedMessages: number) => boolean;
  /** Faults are still to come: the load goes on, so that they hit a system that is at work. */
  goesOn: () => boolean;
}): Load {
  const { seed, messages, tenants } = options;
  const entries: ClientEntry[] = [];
  const later: Promise<void>[] = [];
  let acceptedMessages = 0;
  let acceptedCalls = 0;
  let lastAcceptedAt = performance.now();
  let next = 0;
  let finished = false;

  async function ask(
    entry: ClientEntry,
    body: string,
    random: Random,
  ): Promise<{ status: number; executionId: string }> {
    const { call } = entry;
    for (;;) {
      const url = random.pick(options.ingressUrls());
      try {
        const response = await fetch(`${url}/ajo/im/executions/${call.endpoint}`, {
          method: 'POST',
          headers: tenants[call.tenant]!.caller.headers,
          body,
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        const text = await response.text();
        count(entry, String(response.status));
        if (response.status === 503 || response.status === 429) {
          await delay(random.between(100, 500));
          continue;
        }
        const executionId = /"executionId":"([^"]+)"/.exec(text)?.[1] ?? '';
        return { status: response.status, executionId };
      } catch (error) {
        count(entry, error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'reset');
        await delay(random.between(50, 300));
      }
    }
  }

  async function place(entry: ClientEntry, random: Random): Promise<boolean> {
    const { call } = entry;
    const body = bodyOf(call);
    const { status, executionId } = await ask(entry, body, random);
    if (status === 202 && call.refusedWith === undefined) {
      entry.executionIds.add(executionId);
      return true;
    }
    // The campaign that is stopped in the middle refuses from then on; a call that was stored before is still replayed.
    const expected = call.refusedWith === status || (status === 400 && call.campaign.name === 'stopped');
    if (!expected) entry.surprises.push(`answered ${status}`);
    return false;
  }

  async function conflict(entry: ClientEntry, random: Random): Promise<void> {
    const { status, executionId } = await ask(entry, otherBodyOf(entry.call), random);
    if (status === 400 && entry.call.campaign.name === 'stopped') return;
    if (status !== 409) entry.surprises.push(`answered ${status} to another body`);
    else if (!entry.executionIds.has(executionId)) entry.surprises.push(`409 names ${executionId}`);
  }

  async function one(number: number): Promise<void> {
    const call = planCall(seed, number, tenants);
    const random = createRandom(seed, `client ${number}`);
    const entry: ClientEntry = { call, executionIds: new Set(), answers: new Map(), surprises: [] };
    entries.push(entry);
    const stored = await Promise.all([place(entry, random), ...(call.twice ? [place(entry, random)] : [])]);
    if (!stored.some(Boolean)) return;
    acceptedCalls++;
    acceptedMessages += call.recipients.length;
    lastAcceptedAt = performance.now();
    if (call.again) later.push(delay(random.between(0, 5_000)).then(async () => void (await place(entry, random))));
    if (call.otherBody) later.push(conflict(entry, random));
  }

  async function client(): Promise<void> {
    while (acceptedMessages < messages || options.goesOn()) {
      if (options.mayGoOn(acceptedMessages)) await one(next++);
      else await delay(50);
    }
  }

  const done = Promise.all(Array.from({ length: CLIENTS }, client))
    .then(() => Promise.all(later))
    .then(() => {
      finished = true;
    });
  return {
    entries,
    done,
    get acceptedMessages() {
      return acceptedMessages;
    },
    get acceptedCalls() {
      return acceptedCalls;
    },
    get lastAcceptedAt() {
      return lastAcceptedAt;
    },
    get finished() {
      return finished;
    },
  };
}

function count(entry: ClientEntry, answer: string): void {
  entry.answers.set(answer, (entry.answers.get(answer) ?? 0) + 1);
}
