import type { SendResult } from '@outrigger/core';
import type { BreakerChange, BreakerRow } from '@outrigger/store/breakers';
import {
  type Admission,
  admission,
  type BreakerEvent,
  type BreakerPolicy,
  type BreakerState,
  DEFAULT_BREAKER,
  NEVER_OPENED,
  nextBreakerState,
  rampShare,
} from './breaker.ts';
import { addCall, type CallVerdict, type CallWindow, verdictOf } from './call-window.ts';

/** The right to make one call; handed back with its result. */
export type CallPass = { probe: boolean; epoch: number };

export type BreakerStore = {
  read(accounts: string[]): Promise<BreakerRow[]>;
  /** Compare-and-set on the version; false when another process was first. */
  change(change: BreakerChange): Promise<boolean>;
};

export type BreakerNews = { account: string; phase: BreakerState['phase']; opens: number; reason: string };

export type Breaker = {
  /** Whether a call could start now, by what this process knows. */
  peek(account: string): Admission;
  /** Asks to start a call. Winning the probe asks the ledger; everything else is answered at once. */
  enter(account: string): CallPass | Promise<CallPass | undefined> | undefined;
  /** Hands the pass back: with the call's result, or without one when the call was not begun. */
  leave(account: string, pass: CallPass, result: SendResult | undefined): void;
  /** From 0.05 to 1: the share of its rate that an account gets while it comes back. */
  share(account: string): number;
  /** Reads what other processes did; called every `pollMs`. */
  poll(): Promise<void>;
  stop(): void;
};

type Account = {
  state: BreakerState;
  /** The row's version that `state` follows from; 0 while there is no row. */
  version: number;
  /** Counts the states this process has been in: a pass from an earlier one says nothing of the account as it is now. */
  epoch: number;
  window: CallWindow;
  /** A transition that holds here and that the ledger does not have yet. */
  pending: { expectedVersion: number; reason: string } | undefined;
  probing: boolean;
};

/**
 * One breaker an account over all worker processes. Calls are judged in the process that made them; a transition is a
 * compare-and-set on the account's row, and every process reads the rows twice a second. While the ledger is away the last
 * known state holds: a process still closes the door for itself and tells the ledger later, but nobody probes.
 */
export function createBreaker(options: {
  store: BreakerStore;
  accounts: string[];
  policy?: BreakerPolicy;
  now?: () => number;
  random?: () => number;
  pollMs?: number;
  /** A transition that this process made or learned of. */
  onChange?: (news: BreakerNews) => void;
  onError?: (error: unknown) => void;
}): Breaker {
  const { store, policy = DEFAULT_BREAKER, now = () => performance.now(), random = Math.random } = options;
  const { pollMs = 500, onChange = () => {}, onError = () => {} } = options;
  const accounts = new Map<string, Account>();
  for (const name of options.accounts) {
    accounts.set(name, { state: NEVER_OPENED, version: 0, epoch: 0, window: [], pending: undefined, probing: false });
  }
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function get(name: string): Account {
    const account = accounts.get(name);
    if (!account) throw new Error(`no breaker was made for provider account ${name}`);
    return account;
  }

  function become(name: string, account: Account, state: BreakerState, reason: string): void {
    const news = state.phase !== account.state.phase;
    account.state = state;
    account.epoch++;
    account.window = [];
    if (news) onChange({ account: name, phase: state.phase, opens: state.opens, reason });
  }

  /** A transition that holds here at once, whether or not the ledger can be told. */
  async function transition(name: string, account: Account, event: BreakerEvent, reason: string): Promise<void> {
    const next = nextBreakerState(account.state, event, policy, random());
    if (next === account.state) return;
    account.pending = { expectedVersion: account.pending?.expectedVersion ?? account.version, reason };
    become(name, account, next, reason);
    await flush(name, account);
  }

  async function flush(name: string, account: Account): Promise<void> {
    const { pending } = account;
    if (!pending) return;
    try {
      const won = await store.change(changeTo(name, account.state, pending.expectedVersion, pending.reason, now()));
      if (account.pending === pending) {
        account.pending = undefined;
        if (won) account.version = pending.expectedVersion + 1;
        else await refresh();
      } else if (account.pending && won) {
        account.pending.expectedVersion = pending.expectedVersion + 1;
      }
    } catch (error) {
      onError(error);
    }
  }

  /** A probe is only begun when the ledger says that it is ours. */
  async function probe(name: string, account: Account): Promise<CallPass | undefined> {
    const next = nextBreakerState(account.state, { kind: 'probe_started', atMs: now() }, policy, random());
    if (next === account.state) return undefined;
    account.probing = true;
    const reason = 'a probe is under way';
    try {
      if (await store.change(changeTo(name, next, account.version, reason, now()))) {
        account.version++;
        become(name, account, next, reason);
        return { probe: true, epoch: account.epoch };
      }
      await refresh();
    } catch (error) {
      onError(error);
    } finally {
      account.probing = false;
    }
    return undefined;
  }

  async function refresh(): Promise<void> {
    const askedAtMs = now();
    const epochs = new Map([...accounts].map(([name, { epoch }]) => [name, epoch]));
    const rows = new Map((await store.read([...accounts.keys()])).map((row) => [row.account, row]));
    for (const [name, account] of accounts) {
      const row = rows.get(name);
      // What changed here after the question was asked is newer than the answer.
      if (account.pending || account.epoch !== epochs.get(name) || (row?.version ?? 0) === account.version) continue;
      account.version = row?.version ?? 0;
      become(name, account, row ? stateOf(row, askedAtMs) : NEVER_OPENED, row?.reason ?? 'its row is gone');
    }
  }

  const breaker: Breaker = {
    peek: (name) => admission(get(name).state, now()),
    enter(name) {
      const account = get(name);
      const { kind } = admission(account.state, now());
      if (kind === 'admitted') return { probe: false, epoch: account.epoch };
      return kind === 'probe' && !account.probing && !account.pending ? probe(name, account) : undefined;
    },
    leave(name, pass, result) {
      const account = get(name);
      if (pass.epoch !== account.epoch) return;
      const verdict = result === undefined ? 'silent' : verdictOf(result);
      const atMs = now();
      if (pass.probe) {
        const kind = PROBE_EVENTS[verdict];
        void transition(name, account, { kind, atMs }, describe(result));
        return;
      }
      const reason = addCall(account.window, verdict, atMs, policy);
      if (reason) void transition(name, account, { kind: 'tripped', atMs }, `${reason}; ${describe(result)}`);
    },
    share: (name) => rampShare(get(name).state, now(), policy),
    async poll() {
      for (const [name, account] of accounts) await flush(name, account);
      await refresh().catch(onError);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };

  async function keepPolling(): Promise<void> {
    await breaker.poll();
    if (!stopped) timer = setTimeout(keepPolling, pollMs).unref();
  }
  void keepPolling();
  return breaker;
}

const PROBE_EVENTS = {
  answered: 'probe_passed',
  failed: 'probe_failed',
  configuration: 'probe_failed',
  silent: 'probe_abandoned',
} as const satisfies Record<CallVerdict, BreakerEvent['kind']>;

function changeTo(
  account: string,
  state: BreakerState,
  expectedVersion: number,
  reason: string,
  nowMs: number,
): BreakerChange {
  const untilInMs = state.phase === 'closed' ? undefined : Math.max(0, state.untilMs - nowMs);
  return { account, expectedVersion, phase: state.phase, opens: state.opens, untilInMs, reason };
}

function stateOf(row: BreakerRow, nowMs: number): BreakerState {
  const sinceMs = nowMs - row.sinceAgoMs;
  if (row.phase === 'closed') return { phase: 'closed', opens: row.opens, sinceMs };
  return { phase: row.phase, opens: row.opens, sinceMs, untilMs: nowMs + (row.untilInMs ?? 0) };
}

function describe(result: SendResult | undefined): string {
  if (result === undefined) return 'the call was not begun';
  return result.kind === 'accepted' ? 'the provider accepted' : `${result.code} ${result.vendorCode}`;
}
