export { type RedisFacts, readRedisFacts } from './inspect.ts';
export type { DeliverJob, DeliverPayload, DeliverPointer } from './job.ts';
export { jobIdFor, readDeliverPayload } from './job.ts';
export type { LaneDepth, LaneQueue } from './lane-queue.ts';
export { openLaneQueue } from './lane-queue.ts';
export type { GivenBack, LaneHandler, LaneWorker, LaneWorkerOptions } from './lane-worker.ts';
export { startLaneWorker } from './lane-worker.ts';
export type { QueueBeat, QueueStore, QueueStoreOptions } from './store.ts';
export { openQueueStore } from './store.ts';
