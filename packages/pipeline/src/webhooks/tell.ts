import { webhookEventSeconds, webhookPostSeconds, webhookPosts } from '@outrigger/metrics';
import type { Log } from '@outrigger/runtime';
import {
  buryOldRetries,
  type DueRetry,
  type FailedPost,
  type LeasedWebhook,
  type Pool,
  type RoundResult,
  readDueRetries,
  readEventsAfter,
  readEventsById,
  readLeased,
  recordRound,
  type WebhookLease,
} from '@outrigger/store';
import { eachLimited } from '../each-limited.ts';
import type { LoadPeopleSettings } from '../people.ts';
import { FAILURES_TO_PAUSE, judge, pauseAfter, RETRY_FOR_MS } from './judge.ts';
import { payloadOf, type Told } from './payload.ts';
import type { Post } from './post.ts';
import { postHeaders } from './sign.ts';
import { type createChooser, fillIn, type ResolveAddress, type Wanted } from './wanted.ts';

export type TellDeps = {
  pool: Pool;
  log: Log;
  post: Post;
  choose: ReturnType<typeof createChooser>;
  loadPeopleSettings: LoadPeopleSettings;
  resolveAddress: ResolveAddress;
};

/** Posts to one endpoint at a time; a slow one keeps no more than these waiting. */
const CONCURRENCY = 16;
/** Events between two writes of the cursor: what a crash posts again at most, for each webhook. */
const CHUNK = 100;
/** A webhook whose receiver is gone is looked at again so often: a person may have replaced it. */
const GONE_REST_MS = 1_000;
/** So many events wait to be tried again at most; until there are fewer, nothing new is read. */
const MOST_RETRIES = 10_000;

/**
 * One round of telling a webhook: what is due again, then what the ledger has new. Resolves to what was done: `worked` means that
 * there may be more at once, `restMs` asks to be left alone that long.
 */
export async function tellWebhook(
  deps: TellDeps,
  lease: WebhookLease,
  stopping: () => boolean,
): Promise<{ worked: boolean; restMs?: number }> {
  const { pool } = deps;
  const webhook = await readLeased(pool, lease);
  if (!webhook) return { worked: false };
  if (webhook.goneAt) return { worked: false, restMs: GONE_REST_MS };
  const restMs = webhook.pausedUntil ? webhook.pausedUntil.getTime() - Date.now() : 0;
  if (restMs > 0) return { worked: false, restMs };
  if (webhook.failures > 0) await buryOld(deps, webhook);
  const series = createSeries(deps, webhook, lease, stopping);
  const { due, waiting } = await readDueRetries(pool, webhook.tenantId, CHUNK, MOST_RETRIES);
  if (due.length > 0) {
    const events = await readEventsById(
      pool,
      webhook.tenantId,
      due.map((one) => one.eventId),
    );
    const wanted = await deps.choose(webhook, events);
    const left = new Set(wanted.map(({ event }) => event.eventId));
    const over = due.flatMap(({ eventId }) => (left.has(eventId) ? [] : [eventId]));
    await series.post(wanted, { retries: due, over });
  }
  if (waiting >= MOST_RETRIES) return { worked: due.length > 0 };
  const page = series.ended() ? undefined : await readEventsAfter(pool, webhook.tenantId, webhook.cursor);
  if (!page) return { worked: due.length > 0 };
  const wanted = await deps.choose(webhook, page.events);
  const placeOf = new Map(page.events.map((event, place) => [event.eventId, place]));
  for (let first = 0; first < wanted.length && !series.ended(); first += CHUNK) {
    const following = wanted[first + CHUNK];
    const cursorBefore = (one: Wanted) => page.events[placeOf.get(one.event.eventId)! - 1]?.cursor;
    const cursorAfter = following ? cursorBefore(following) : page.through;
    await series.post(wanted.slice(first, first + CHUNK), { cursorBefore, cursorAfter });
  }
  // Nothing of the page was wanted: the cursor passes it by. It is not written for an empty one.
  if (
    wanted.length === 0 &&
    (page.events.length > 0 || BigInt(page.through.recordedIn) < BigInt(webhook.cursor.recordedIn))
  ) {
    await series.post([], { cursorAfter: page.through });
  }
  return { worked: due.length > 0 || page.events.length > 0 || page.more };
}

type Around = {
  retries?: DueRetry[];
  /** Retries that are no business of the webhook any more. */
  over?: string[];
  cursorBefore?(one: Wanted): RoundResult['cursor'];
  cursorAfter?: RoundResult['cursor'];
};

/** Posts of one round, which share the count of failures in a row: when there are too many of them the rest waits. */
function createSeries(deps: TellDeps, webhook: LeasedWebhook, lease: WebhookLease, stopping: () => boolean) {
  const before = webhook.failures;
  let failures = before;
  let pauseMs: number | undefined;
  let lost = false;
  let gone: string | undefined;
  const ended = () => lost || gone !== undefined || pauseMs !== undefined || stopping();
  // After a pause one post at a time tells whether the endpoint is there again.
  const concurrency = before >= FAILURES_TO_PAUSE ? 1 : CONCURRENCY;

  async function postOne(told: Told, retry: DueRetry | undefined): Promise<FailedPost | undefined> {
    const { eventId, at } = told.event;
    const body = JSON.stringify(payloadOf(told, webhook));
    const stopTimer = webhookPostSeconds.startTimer();
    const answer = await deps.post(webhook.url, await postHeaders(webhook, eventId, body, Date.now()), body);
    stopTimer();
    const verdict = judge(answer, eventId, retry, Date.now());
    if (verdict.taken) {
      failures = 0;
      if (!retry) webhookEventSeconds.observe(Math.max(0, Date.now() - at.getTime()) / 1_000);
      return undefined;
    }
    // Many posts that fail at once are one bad moment: a pause grows from one round to the next.
    failures = Math.min(failures + 1, Math.max(FAILURES_TO_PAUSE, before + 1));
    if (verdict.gone) gone = webhook.url;
    const restMs = verdict.pauseMs ?? pauseAfter(failures);
    if (restMs !== undefined) pauseMs = Math.max(pauseMs ?? 0, restMs);
    return verdict.failed;
  }

  return {
    ended,
    /** Posts in order until the series ends, and writes down what came of it. */
    async post(wanted: Wanted[], { retries = [], over = [], cursorBefore, cursorAfter }: Around): Promise<void> {
      const told = await fillIn(wanted, webhook.tenantId, deps);
      const retryOf = new Map(retries.map((retry) => [retry.eventId, retry]));
      const failed: FailedPost[] = [];
      const taken: string[] = [];
      // What has ended stays so, hence those that were begun are the first of them.
      let begun = 0;
      await eachLimited(told, concurrency, async (one) => {
        if (ended()) return;
        begun++;
        const failure = await postOne(one, retryOf.get(one.event.eventId));
        if (failure) failed.push(failure);
        else taken.push(one.event.eventId);
      });
      const cursor = begun < told.length ? cursorBefore?.(wanted[begun]!) : cursorAfter;
      const done = [...over, ...(retries.length > 0 ? taken : [])];
      const result = { done, failed, cursor, failures, pauseMs, gone, succeeded: taken.length > 0 };
      lost = !(await recordRound(deps.pool, lease, result));
      if (!lost) report(deps.log, webhook, result, taken.length);
    },
  };
}

/** After the write, so that nothing is counted that another process does again. One line for each event that died. */
function report(
  log: Log,
  { tenantId }: LeasedWebhook,
  { failed, failures, pauseMs, gone }: RoundResult,
  taken: number,
): void {
  webhookPosts.inc({ result: 'delivered' }, taken);
  for (const { eventId, attempts, problem, retryInMs } of failed) {
    webhookPosts.inc({ result: retryInMs === 'dead' ? 'dead' : 'retried' });
    if (retryInMs !== 'dead') continue;
    log.warn({ event: 'webhook.dead', tenant_id: tenantId, event_id: eventId, attempts, problem });
  }
  if (gone !== undefined) log.warn({ event: 'webhook.gone', tenant_id: tenantId });
  if (pauseMs !== undefined) {
    const problem = failed.at(-1)?.problem;
    log.warn({ event: 'webhook.paused', tenant_id: tenantId, failures, pause_ms: Math.round(pauseMs), problem });
  }
}

async function buryOld({ pool, log }: TellDeps, { tenantId }: LeasedWebhook): Promise<void> {
  for (const { eventId, attempts, problem } of await buryOldRetries(pool, tenantId, RETRY_FOR_MS)) {
    webhookPosts.inc({ result: 'dead' });
    log.warn({ event: 'webhook.dead', tenant_id: tenantId, event_id: eventId, attempts, problem });
  }
}
