import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createIdAllocator, uuidv7 } from '@outrigger/core';
import { createLog } from '@outrigger/runtime';
import { acceptGroup, claimBatches, ensureTenant, type NewBatch } from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { createSettling } from '../src/journal-settler.ts';
import { newWorkerId } from '../src/worker-id.ts';

const { pool } = await openTestLedger();
const journalRoot = mkdtempSync(join(tmpdir(), 'outrigger-journal-'));
after(() => rmSync(journalRoot, { recursive: true }));

/** The id of a worker of this host and boot whose process is gone. */
function deadWorkerId(): string {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const [channel, host, boot, , random] = newWorkerId('email').split('.');
  return [channel, host, boot, pid, random].join('.');
}

async function acceptTwo(): Promise<{ batch: NewBatch; messageIds: string[] }> {
  const { tenantId } = await ensureTenant(pool, `org-${randomUUID()}`, 'prod');
  const [campaignId, versionId] = [uuidv7(), uuidv7()];
  const ids = createIdAllocator(100).take('', 2);
  await pool.query(
    `INSERT INTO campaigns (campaign_id, tenant_id, name, category, status, live_version_id, created_by, modified_by)
     VALUES ($1, $2, 'order', 'Transactional', 'LIVE', $3, 'test', 'test')`,
    [campaignId, tenantId, versionId],
  );
  await pool.query(
    `INSERT INTO campaign_versions (version_id, campaign_id, tenant_id, number, definition, compiled, settings, activated_by)
     VALUES ($1, $2, $3, 1, '{"on_unknown": "resend"}', '{}', '{}', 'test')`,
    [versionId, campaignId, tenantId],
  );
  const { batches } = await acceptGroup(pool, [
    {
      requestKey: randomUUID(),
      fingerprint: randomUUID(),
      tenantId,
      campaignId,
      versionId,
      endpoint: 'unitary',
      requestId: randomUUID(),
      createdBy: 'key',
      ...ids,
      expiresAt: new Date(Date.now() + 3_600_000),
      lane: 'email',
      content: JSON.stringify({ recipients: [] }),
    },
  ]);
  return { batch: batches[0]!, messageIds: ids.messageIds };
}

function openSettling() {
  const enqueued: NewBatch[] = [];
  const look = createSettling({
    pool,
    enqueue: (batches) => void enqueued.push(...batches),
    log: createLog('test', 'error'),
    journalRoot,
    workerId: newWorkerId('email'),
    provider: 'test',
    unknownWindowMs: 60_000,
  });
  return { look, enqueued };
}

function journalOf(workerId: string, lines: string): string {
  const folder = join(journalRoot, workerId);
  mkdirSync(folder);
  writeFileSync(join(folder, '000001.log'), lines);
  return folder;
}

const claimAs = (workerId: string, batchId: string, token: string) =>
  claimBatches(pool, [{ batchId, token }], workerId, 60_000);

test('of a dead worker, what was begun is unknown, and what was never begun is released', async () => {
  const { batch, messageIds } = await acceptTwo();
  const [workerId, token] = [deadWorkerId(), randomUUID()];
  await claimAs(workerId, batch.batchId, token);
  journalOf(workerId, `B ${messageIds[0]} ${token}\n`);
  const { look, enqueued } = openSettling();
  await look();
  assert.deepEqual(
    enqueued.map((one) => one.batchId),
    [batch.batchId],
  );
  const { rows } = await pool.query('SELECT message_ids FROM batches WHERE batch_id = $1', [batch.batchId]);
  assert.deepEqual(rows, [{ message_ids: [messageIds[1]] }]);
  const { rows: unsettled } = await pool.query('SELECT message_id FROM unsettled_messages WHERE token = $1', [token]);
  assert.deepEqual(unsettled, [{ message_id: messageIds[0] }]);
});

test('a claim that is committed after its worker was found dead is released too', async () => {
  const { batch } = await acceptTwo();
  const [workerId, token] = [deadWorkerId(), randomUUID()];
  const folder = journalOf(workerId, '');
  const { look, enqueued } = openSettling();
  await look();
  assert.equal(enqueued.length, 0);
  await claimAs(workerId, batch.batchId, token);
  await look();
  assert.deepEqual(
    enqueued.map((one) => one.batchId),
    [batch.batchId],
  );
  assert.ok(existsSync(folder), 'the journal waits for claims that may still come');
});

test('the journal of a dead worker is removed once no claim of it can come any more', async () => {
  const folder = journalOf(deadWorkerId(), '');
  const { look } = openSettling();
  const at = performance.now();
  await look(at);
  assert.ok(existsSync(folder));
  await look(at + 60_000);
  assert.ok(!existsSync(folder));
});
