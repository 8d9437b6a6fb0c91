import { type RedisClient, serversOf } from './redis-client.ts';

/** Whether a Redis that keeps nothing on disk is refused (`required`) or taken (`optional`). */
export type QueuePersistence = 'required' | 'optional';

/**
 * Says what makes a Redis unfit to hold queues, and what to do about it; undefined when nothing does. Eviction takes a queue
 * apart key by key (BullMQ, "Going to production"). Without an append-only file a restart empties the queues: the ledger fills
 * them again, so an operator may choose that, but nobody should get it by accident.
 *
 * `INFO` and not `CONFIG GET`: managed Redis and careful ACLs refuse the latter. A server that will not tell is given the benefit
 * of the doubt.
 */
export async function unfitness(redis: RedisClient, persistence: QueuePersistence): Promise<string | undefined> {
  let told: string[];
  try {
    // One question for both sections: naming several at once is not known before Redis 7.
    told = await Promise.all(serversOf(redis).map((server) => server.info()));
  } catch {
    return undefined;
  }
  const policy = told
    .map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1])
    .find((one) => one !== undefined && one !== 'noeviction');
  if (policy !== undefined) {
    return (
      `queue store: Redis has maxmemory-policy "${policy}" and may throw queue keys away. ` +
      'Set it to noeviction (redis.conf, or CONFIG SET maxmemory-policy noeviction) and give the queues a Redis of their own'
    );
  }
  if (persistence === 'required' && told.some((info) => /^aof_enabled:0/m.test(info))) {
    return (
      'queue store: Redis has no append-only file, so a restart of it empties the queues. ' +
      'Turn it on (redis.conf: appendonly yes, or CONFIG SET appendonly yes), or set QUEUE_PERSISTENCE=optional: ' +
      'nothing is lost without it, but after a restart all that waited has to be put in again from the ledger'
    );
  }
  return undefined;
}
