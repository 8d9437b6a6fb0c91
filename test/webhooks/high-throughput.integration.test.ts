import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { createTold, SENT, startReceiver, tellHere } from './world.ts';

const { pool } = await openTestLedger();

/** The same pool, which keeps the statements that go through it. */
function listenedTo(real: Pool): { pool: Pool; statements: string[] } {
  const statements: string[] = [];
  const heard = new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const [statement] = given as [string | { text: string }];
        if (name === 'query') statements.push(typeof statement === 'string' ? statement : statement.text);
        return value.apply(target, given);
      };
    },
  });
  return { pool: heard, statements };
}

test('high throughput is told without a look at profiles, and no event of it is linked to one (F051)', async (t) => {
  const { rows: before } = await pool.query(`SELECT count(*)::int AS profiles FROM profiles`);
  const heard = listenedTo(pool);
  const notifier = tellHere(heard.pool);
  t.after(() => notifier.stop());
  const hook = await startReceiver(() => undefined);
  t.after(() => hook.close());
  const told = await createTold(pool, hook.url, { lane: 'email-ht' });
  const call = await told.ended(SENT);
  await told.reported(call.messageIds[0]!, 'delivered');
  await hook.arrived(2);
  assert.deepEqual(hook.statuses().toSorted(), ['delivered', 'sent']);
  // The address is the call's own.
  assert.equal(hook.events()[0].channelContext.profileAddress, 'person0@example.com');
  assert.ok(heard.statements.some((text) => text.includes('messages_of')));
  assert.deepEqual(
    heard.statements.filter((text) => /\bprofile(s|_identities)\b/.test(text)),
    [],
  );
  const { rows: after } = await pool.query(`SELECT count(*)::int AS profiles FROM profiles`);
  assert.deepEqual(after, before);
  // What holds outcomes and reports has no column that could name a profile.
  const { rows: links } = await pool.query(
    `SELECT attrelid::regclass::text AS "table" FROM pg_attribute WHERE attname ~ 'profile' AND NOT attisdropped
       AND attrelid IN ('sent_events'::regclass, 'message_events'::regclass, 'message_feedback'::regclass)`,
  );
  assert.deepEqual(links, []);
});
