/**
 * Every metric of ours, in the order in which a message meets them. docs/metrics.md is drawn from this table. Labels have few
 * values (lanes, codes, accounts, routes), never an id, an address or anything else that grows with traffic.
 */
import { counter, GROUP_SIZES, gauge, histogram, LATENCY_SECONDS } from './registry.ts';

export const httpRequestSeconds = histogram(
  'http_request_seconds',
  'From the headers of a request to the end of its answer; its count is the request rate, by status the error rate',
  ['method', 'route', 'status'],
  LATENCY_SECONDS,
);

export const refusals = counter('refusals_total', 'Requests answered with an error body, by its code', ['code']);

export const acceptSeconds = histogram(
  'accept_seconds',
  'From a checked call to its commit in the ledger',
  [],
  LATENCY_SECONDS,
);
export const acceptGroupCalls = histogram(
  'accept_group_calls',
  'Calls that one accept statement wrote together',
  [],
  GROUP_SIZES,
);
export const acceptedMessages = counter('accepted_messages_total', 'Messages accepted with a 202', ['lane']);
export const enqueueFailures = counter(
  'enqueue_failures_total',
  'Times that the queue store could not take batches; the janitor puts them in later',
  ['lane'],
);

export const laneWaitingMessages = gauge('lane_waiting_messages', 'Messages that are due and wait for a worker', [
  'lane',
]);
export const laneOldestSeconds = gauge('lane_oldest_seconds', 'How long the oldest due message has been waiting', [
  'lane',
]);

export const messagesInFlight = gauge('messages_in_flight', 'Messages that this worker has claimed and not ended', [
  'lane',
]);
export const stageSeconds = histogram(
  'stage_seconds',
  'Time that a stage took for a batch (claim: for the batches that were claimed together)',
  ['stage'],
  LATENCY_SECONDS,
);
/** Hands on what a stage gives, and how long it took. */
export async function timed<Result>(stage: 'resolve' | 'gate', work: Promise<Result>): Promise<Result> {
  const stopTimer = stageSeconds.startTimer({ stage });
  const result = await work;
  stopTimer();
  return result;
}

export const outcomes = counter('outcomes_total', 'Attempts by how they ended', ['lane', 'state', 'code']);
export const callToProviderSeconds = histogram(
  'call_to_provider_seconds',
  'From the acceptance of a call to the yes of the provider, for messages sent at their first attempt',
  ['lane'],
  LATENCY_SECONDS,
);

export const providerSeconds = histogram(
  'provider_seconds',
  'Provider calls by how they ended: accepted, refused or unknown',
  ['account', 'result'],
  LATENCY_SECONDS,
);
export const breakerOpen = gauge(
  'breaker_open',
  '1 while a provider account is out of service, 0 while it may be called',
  ['account'],
);
export const limiterWaitSeconds = histogram(
  'limiter_wait_seconds',
  'How long a message waited for a slot of its rate limits',
  [],
  LATENCY_SECONDS,
);

export const recordSeconds = histogram(
  'record_seconds',
  'Time of one statement that records outcomes',
  [],
  LATENCY_SECONDS,
);
export const recordGroupOutcomes = histogram(
  'record_group_outcomes',
  'Outcomes that one statement recorded',
  [],
  GROUP_SIZES,
);

export const callbacksRead = counter(
  'callbacks_read_total',
  'Callbacks of providers by what became of them: applied, ignored, orphan (no such message), quarantined (cannot be read)',
  ['provider', 'result'],
);
export const feedbackFacts = counter('feedback_facts_total', 'New facts that providers reported of messages', [
  'account',
  'fact',
]);
export const settledByEvidence = counter(
  'settled_by_evidence_total',
  "Unknown messages that a provider's own report settled as sent",
);
export const suppressedByFeedback = counter(
  'suppressed_by_feedback_total',
  'Bounces and complaints that put an address on the suppression list, or found it there',
);

export const webhookPosts = counter(
  'webhook_posts_total',
  'Posts to webhooks by what became of the event: delivered, retried, dead',
  ['result'],
);
export const webhookPostSeconds = histogram(
  'webhook_post_seconds',
  'From the beginning of a post to the status of its answer, or to giving up',
  [],
  LATENCY_SECONDS,
);
export const webhookEventSeconds = histogram(
  'webhook_event_seconds',
  'From what happened to the yes of the receiver, for events that were taken at their first post',
  [],
  LATENCY_SECONDS,
);
export const webhooksTold = gauge('webhooks_told', 'Webhooks that this process looks after');
export const webhooksPaused = gauge(
  'webhooks_paused',
  'Those among them that are left alone for a while, because so many posts failed in a row',
);

export const janitorRepairs = counter(
  'janitor_repairs_total',
  'What the janitor found and repaired: lost_claims, resent, held, evidenced, requeued_batches, rebuilt_batches, missing_batches',
  ['kind'],
);
export const accountMessages = gauge(
  'account_messages',
  'The account of the last ten minutes by tenant: accepted = ended + waiting + lost; lost must be 0',
  ['tenant', 'part'],
);
