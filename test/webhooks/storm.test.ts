import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestLedger, type ServiceProcess, startService, waitFor } from '@outrigger/testkit';
import { signatureOf } from '../../packages/pipeline/src/webhooks/sign.ts';
import { createTold, SECRET, SENT, startReceiver } from './world.ts';

const { pool, databaseUrl, schema } = await openTestLedger();
const KILLS = 4;
const CALLS = 40;

/** The same faults at every run (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('a receiver that fails four times in ten and gateways that are killed: each event arrives, signed, under one id (F094)', async (t) => {
  const random = dice(94);
  const taken = new Map<string, string>();
  const hook = await startReceiver((post) => {
    const id = String(post.headers['x-webhook-id']);
    const body = post.body.toString();
    const timestamp = Number(post.headers['webhook-timestamp']);
    assert.equal(post.headers['webhook-signature'], signatureOf(SECRET, id, timestamp, body));
    const roll = random();
    if (roll < 0.15) return { status: 500 };
    if (roll < 0.25) return 'reset';
    if (roll < 0.4) return { status: 429 };
    assert.equal(taken.get(id) ?? body, body, 'the same id is the same event');
    taken.set(id, body);
    return { status: 200 };
  });
  t.after(() => hook.close());
  const environment = { DATABASE_URL: databaseUrl, DATABASE_SCHEMA: schema, WEBHOOK_ALLOW_INSECURE: 'true' };
  const told = await createTold(pool, hook.url);
  let gateway: ServiceProcess = await startService('gateway', environment);
  t.after(() => gateway.stop());
  const expected: string[] = [];
  for (let i = 0; i < CALLS; i++) {
    const call = await told.ended(SENT, 20);
    await told.reported(call.messageIds[0]!, 'delivered');
    expected.push(...call.messageIds.map((id) => `${id}:1`), `${call.messageIds[0]}:delivered`);
  }
  // Time is made to pass, or this would take an hour: what waits is due, and the lease of the dead is over.
  const hurry = async () => {
    await told.hurry();
    await pool.query('UPDATE webhooks SET failures = 0');
  };
  for (let kills = 1; kills <= KILLS; kills++) {
    const enough = (expected.length * kills) / (KILLS + 2);
    await waitFor(`${enough} events`, async () => {
      await hurry();
      return taken.size >= enough;
    });
    await gateway.kill();
    gateway = await startService('gateway', environment);
    await pool.query('UPDATE webhooks SET leased_until = now()');
  }
  await waitFor('everything', async () => {
    await hurry();
    return taken.size === expected.length && (await told.retries()).length === 0;
  });
  assert.deepEqual([...taken.keys()].toSorted(), expected.toSorted());
});
