import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clockFinding } from './clock.ts';
import { reasonOf } from './finding.ts';
import { judgeLedger } from './ledger.ts';
import { judgeRedis } from './queue.ts';
import { judgeWebhooks } from './webhooks.ts';

const HEALTHY_LEDGER = {
  versionNumber: 180_004,
  version: '18.4',
  synchronousCommit: 'on',
  autovacuum: 'on',
  maxConnections: 300,
  usedConnections: 40,
  nowAt: new Date(),
  pendingMigrations: [],
  partitionedAhead: true,
  inRecovery: false,
};
const HEALTHY_REDIS = {
  server: '127.0.0.1:6379',
  version: '7.4.1',
  evictionPolicy: 'noeviction',
  appendOnly: true,
  role: 'master',
  usedMemoryBytes: 1,
  maxMemoryBytes: 0,
  nowAt: new Date(),
};

const badOnes = (findings: { verdict: string; says: string; todo?: string }[]) =>
  findings.filter(({ verdict }) => verdict !== 'good');

describe('a healthy store', () => {
  test('has nothing to complain of', () => {
    assert.deepEqual(badOnes(judgeLedger(HEALTHY_LEDGER)), []);
    assert.deepEqual(badOnes(judgeRedis(HEALTHY_REDIS)), []);
  });
});

describe('a ledger', () => {
  for (const [what, change, verdict, says] of [
    ['an old server', { versionNumber: 140_010, version: '14.10' }, 'problem', /14\.10 is too old/],
    ['commits that are not on disk', { synchronousCommit: 'off' }, 'problem', /loses calls that were answered 202/],
    ['a schema without our tables', { pendingMigrations: undefined }, 'problem', /no tables of ours/],
    ['a schema of an older version', { pendingMigrations: ['0007-x.sql'] }, 'problem', /lacks 0007-x\.sql/],
    ['no partition for tomorrow', { partitionedAhead: false }, 'warning', /Tomorrow's partitions are missing/],
    ['hardly a connection left', { usedConnections: 270 }, 'warning', /270 of 300/],
    ['no autovacuum', { autovacuum: 'off' }, 'problem', /autovacuum is off/],
    ['a replica', { inRecovery: true }, 'problem', /read-only replica/],
  ] as const) {
    test(`with ${what} is a ${verdict}, and it is said what to do`, () => {
      const [found, ...more] = badOnes(judgeLedger({ ...HEALTHY_LEDGER, ...change } as typeof HEALTHY_LEDGER));
      assert.equal(more.length, 0);
      assert.equal(found!.verdict, verdict);
      assert.match(found!.says, says);
      assert.ok(found!.todo);
    });
  }
});

describe('a Redis', () => {
  for (const [what, change, verdict, says] of [
    ['that evicts', { evictionPolicy: 'allkeys-lru' }, 'problem', /allkeys-lru/],
    ['without persistence', { appendOnly: false }, 'problem', /append-only file is off/],
    ['that is a replica', { role: 'slave' }, 'problem', /takes no writes/],
    ['that is too old', { version: '6.0.16' }, 'problem', /6\.0\.16 is too old/],
    ['that is nearly full', { usedMemoryBytes: 90, maxMemoryBytes: 100 }, 'warning', /90 % of maxmemory/],
  ] as const) {
    test(`${what} is a ${verdict}, and it is said what to do`, () => {
      const [found, ...more] = badOnes(judgeRedis({ ...HEALTHY_REDIS, ...change }));
      assert.equal(more.length, 0);
      assert.equal(found!.verdict, verdict);
      assert.match(found!.says, says);
      assert.ok(found!.todo);
    });
  }
});

test('a Redis without persistence is a warning where that was meant to be so', () => {
  const [found, ...more] = badOnes(judgeRedis({ ...HEALTHY_REDIS, appendOnly: false }, { persistence: 'optional' }));
  assert.equal(more.length, 0);
  assert.equal(found!.verdict, 'warning');
});

describe('clocks', () => {
  test('a difference that the way of the answer explains is none', () => {
    assert.equal(clockFinding('x', new Date(3_000), 0, 6_000).verdict, 'good');
    assert.equal(clockFinding('x', new Date(4_500), 0, 6_000).verdict, 'good');
  });
  test('a difference beyond it is a warning in both directions', () => {
    assert.equal(clockFinding('x', new Date(7_000), 4_990, 5_010).verdict, 'warning');
    assert.equal(clockFinding('x', new Date(3_000), 4_990, 5_010).verdict, 'warning');
  });
});

test('a reason never repeats the password of an address', () => {
  assert.equal(reasonOf(new Error('no redis://user:secret@host:6379 here')), 'no redis://…@host:6379 here');
});

describe('webhooks (F093)', () => {
  const facts = { webhooks: 3, untold: 0, paused: 0, dead: 0 };
  test('that are looked after are good, and none are nothing to speak of', () => {
    assert.deepEqual(badOnes(judgeWebhooks(facts)), []);
    assert.deepEqual(judgeWebhooks({ ...facts, webhooks: 0 }), []);
  });

  for (const [what, says] of [
    ['untold', /no gateway/],
    ['paused', /left alone/],
    ['dead', /could not be told/],
  ] as const) {
    test(`${what}: a warning that says what to do`, () => {
      const bad = badOnes(judgeWebhooks({ ...facts, [what]: 2 }));
      assert.equal(bad.length, 1);
      assert.match(bad[0]!.says, says);
      assert.ok(bad[0]!.todo);
    });
  }
});
