import type { Lane } from '@outrigger/core';

/** The name of a shard's queue. The first has the lane's own name, so that a lane of one shard is what it always was. */
export function shardName(lane: Lane, shard: number): string {
  return shard === 0 ? lane : `${lane}-${shard}`;
}

/** The shard that a batch's jobs go to: always the same one, so that a job that is added twice is there once. */
export function shardOf(batchId: string, shards: number): number {
  return shards === 1 ? 0 : Number(BigInt(batchId) % BigInt(shards));
}
