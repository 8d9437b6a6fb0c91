// A worker process that takes one job and never finishes it, for the test that kills it.
import { openQueueStore, startLaneWorker } from '../src/index.ts';

const [databaseUrl = '', schema = '', prefix = '', lockMs = '', queueUrl] = process.argv.slice(2);
const store = await openQueueStore({ databaseUrl, schema, prefix, ...(queueUrl === undefined ? {} : { queueUrl }) });
startLaneWorker(store, 'sms', { concurrency: 1, lockMs: Number(lockMs), onError: console.error }, async (pointer) => {
  process.stdout.write(`took ${pointer.batchId}\n`);
  await new Promise(() => undefined);
});
