import type { ReceiveCallback } from '@outrigger/api';
import {
  confirmSubscription,
  createCertificateFetcher,
  type ReceivedNotification,
  receiveNotification,
} from '@outrigger/aws-sns';
import { createQueueReader } from '@outrigger/aws-sqs';
import { type CallbackStore, pollQueue } from '@outrigger/pipeline';
import { errorFields, type Log, type Part } from '@outrigger/runtime';
import { markCaughtUp, type Pool } from '@outrigger/store';
import type { Source } from './config.ts';

/** The callback address of a source: a notification is stored, a subscription of a topic on our list is confirmed. */
export function receiverOf(source: Source, deps: { store: CallbackStore['store']; log: Log }): ReceiveCallback {
  const { provider, account, topics, endpoint: origin } = source;
  const about = { provider, account };
  const fetchCertificate = createCertificateFetcher({ origin });

  async function take(received: Exclude<ReceivedNotification, { refusal: unknown }>): Promise<string> {
    switch (received.kind) {
      case 'notification':
        await deps.store({ ...about, sourceId: received.sourceId, body: received.message });
        return 'stored';
      case 'subscription':
        await confirmSubscription(received.topic, received.token, { origin });
        deps.log.info({ event: 'callbacks.subscribed', ...about, topic: received.topic.arn });
        return 'confirmed';
      case 'unsubscription':
        // Somebody detached us: from now on nothing is heard of this account.
        deps.log.error({ event: 'callbacks.unsubscribed', ...about, topic: received.topic.arn });
        return 'noted';
      default:
        return received satisfies never;
    }
  }

  return async (body) => {
    const received = await receiveNotification(body, { topics, fetchCertificate });
    if (!('refusal' in received)) return { done: await take(received) };
    deps.log.warn({ event: 'callbacks.refused', ...about, code: received.refusal.code });
    return received;
  };
}

/** The polling of a source that has a queue. */
export function pollerOf(source: Source, deps: { pool: Pool; store: CallbackStore['store']; log: Log }): Part[] {
  const { provider, account, queue_url: queueUrl, region } = source;
  if (queueUrl === undefined || region === undefined) return [];
  const queue = createQueueReader({
    queueUrl,
    region,
    endpoint: source.endpoint,
    accessKeyId: source.access_key_id,
    secretAccessKey: source.secret_access_key,
  });
  return [
    pollQueue({
      source: { provider, account },
      queue,
      readers: source.readers,
      store: deps.store,
      caughtUp: (agoMs) => markCaughtUp(deps.pool, { provider, account }, agoMs),
      log: deps.log,
    }),
  ];
}

const ALIVE_EVERY_MS = 1_000;

/**
 * Sources without a queue have received everything while we are here to receive it; after a start, once senders have had time
 * to repeat what they could not deliver.
 */
export function startBeingThere(sources: Source[], settleMs: number, deps: { pool: Pool; log: Log }): Part {
  const pushed = sources.filter((source) => source.queue_url === undefined);
  const startedAt = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - startedAt < settleMs) return;
    Promise.all(pushed.map((source) => markCaughtUp(deps.pool, source, 0))).catch((error: unknown) =>
      deps.log.warn({ event: 'callbacks.not_marked', ...errorFields(error) }),
    );
  }, ALIVE_EVERY_MS);
  return { name: 'callback sources', stop: async () => clearInterval(timer) };
}
