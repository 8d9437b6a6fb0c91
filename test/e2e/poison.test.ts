import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, QUEUE_STORES, waitFor } from '@outrigger/testkit';
import { createDemo, type LiveDemo, startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();

/** As a fault of the engine or of a library would do it: the process is gone when one text is put into capital letters. */
const DEADLY = 'bring me down';
const DIES = `const upper = String.prototype.toUpperCase;
String.prototype.toUpperCase = function () {
  if (String(this) === '${DEADLY}') process.kill(process.pid, 'SIGKILL');
  return upper.call(this);
};`;
/** As a full disk does it, for as long as a file is there: nothing more can be appended. */
const FILLS = `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const write = fs.writeSync;
fs.writeSync = (...args) => {
  if (fs.existsSync(process.env.DISK_IS_FULL)) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  return write(...args);
};
syncBuiltinESMExports();`;
const preload = (code: string) => ({ NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(code)}"` });
const INNOCENT = 19;

for (const { kind, skip } of QUEUE_STORES) {
  describe(`poison, queues on ${kind}`, { skip }, () => {
    let stack: TestStack;
    let demo: LiveDemo;
    before(async () => {
      stack = await startStack(ledger, kind);
      demo = await createDemo(stack, 'order', {
        change: (definition) => {
          const [{ content }] = definition.packages as [{ content: Record<string, unknown> }];
          content.subject = '{{ context.mood | upcase }}';
        },
      });
    });
    after(() => stack.stop());

    const person = (mood: string) => ({
      ...demo.recipient,
      type: 'external',
      userId: `${randomUUID()}@shop.example`,
      context: { ...(demo.recipient.context as object), mood },
    });
    const send = async (moods: string[]) => {
      const call = { requestId: randomUUID(), campaignId: demo.campaignId, recipients: moods.map(person) };
      const { status, body } = await stack.trigger(call);
      assert.equal(status, 202, JSON.stringify(body));
      return String(body.executionId);
    };
    const states = async (executionId: string) => {
      const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      return (body.messages as { messageId: string; state: string; code?: string }[]).map(
        ({ messageId, state, code }) => ({ messageId, state, code }),
      );
    };
    const strikes = async () =>
      (await stack.pool.query<{ n: number }>('SELECT coalesce(max(strikes), 0)::int AS n FROM batches')).rows[0]!.n;

    test('a message that kills its worker ends as a dead letter, and its neighbours of the same call and of others go out', async (t) => {
      await stack.services.get('email-worker')!.stop();
      const executionId = await send([DEADLY, ...Array.from({ length: INNOCENT }, () => 'fine')]);
      const others = await Promise.all(Array.from({ length: 6 }, () => send(['fine', 'well'])));
      let deaths = 0;
      const supervised = new AbortController();
      // A supervisor: a worker that dies is started again.
      const supervisor = (async () => {
        while (!supervised.signal.aborted) {
          const worker = await stack.start('email-worker', preload(DIES));
          await waitFor('its end, or ours', () => supervised.signal.aborted || !isAlive(worker.pid), 600_000);
          if (!supervised.signal.aborted) deaths++;
        }
      })();
      const ended = await waitFor(
        'every message to end',
        async () => {
          const all = (await Promise.all([executionId, ...others].map(states))).flat();
          return all.every(({ state }) => state === 'sent' || state === 'failed') && all;
        },
        240_000,
      );
      supervised.abort();
      await supervisor;
      const dead = ended.filter(({ state }) => state === 'failed');
      assert.deepEqual(
        dead.map(({ messageId, code }) => ({ messageId, code })),
        [{ messageId: (await states(executionId))[0]!.messageId, code: 'bug.poison' }],
      );
      const letters = await stack.call('control', 'GET', `/dead-letters?campaignId=${demo.campaignId}`);
      const [letter] = letters.body.data as { messageId: string; code: string }[];
      assert.deepEqual([letter?.messageId, letter?.code], [dead[0]!.messageId, 'bug.poison']);
      const { rows } = await stack.pool.query<{ message_id: string; n: number; marked: boolean }>(
        `SELECT r.message_id, count(*)::int AS n,
                (SELECT bool_or(possible_duplicate) FROM message_history h WHERE h.message_id = r.message_id) AS marked
         FROM sandbox_records r WHERE r.message_id = ANY ($1) GROUP BY 1`,
        [ended.map(({ messageId }) => messageId)],
      );
      assert.equal(rows.length, ended.length - 1, 'every other went out');
      // What was in flight when the worker died is unknown, and its campaign sends it once more.
      assert.ok(rows.every(({ n, marked }) => n === 1 || (n === 2 && marked)));
      t.diagnostic(`the worker died ${deaths} times`);
      assert.ok(deaths <= 7, `${deaths} deaths`);
    });

    test('a disk that is full under the journal poisons nothing: messages wait, and go out when there is room', async () => {
      await stack.services.get('email-worker')!.stop();
      const folder = mkdtempSync(join(tmpdir(), 'outrigger-full-'));
      const full = join(folder, 'full');
      const worker = await stack.start('email-worker', { ...preload(FILLS), DISK_IS_FULL: full });
      writeFileSync(full, '');
      const executionId = await send(['fine', 'well']);
      const given = async () =>
        (await stack.pool.query<{ n: number }>('SELECT coalesce(max(claims), 0)::int AS n FROM batches')).rows[0]!.n;
      await waitFor('it to be given back more often than a poison is taken', async () => (await given()) > 8);
      assert.equal(await strikes(), 0);
      // Each look at them takes a moment, in which they are being sent; then they wait again.
      await waitFor('both to wait', async () => (await states(executionId)).every(({ state }) => state === 'queued'));
      rmSync(folder, { recursive: true });
      await waitFor('both to go out', async () =>
        (await states(executionId)).every(({ state }) => state === 'sent') ? true : undefined,
      );
      assert.ok(worker.lines.some((line) => line.includes('journal.write_failed')));
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
