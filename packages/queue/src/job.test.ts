import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertJobId, DELIVER_JOB, jobIdFor, readDeliverPayload, writeDeliverPayload } from './job.ts';

/** Bytes as version 1 wrote them. They may lie in a queue store anywhere, so these lines are never edited. */
const WRITTEN_BY_VERSION_1 = [
  {
    bytes: '{"v":1,"batch_id":"018f2f6e-7a51-7cc3-9c58-2f3f5d9a1b42"}',
    pointer: { batchId: '018f2f6e-7a51-7cc3-9c58-2f3f5d9a1b42' },
  },
  {
    bytes: '{"v":1,"batch_id":"77","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
    pointer: { batchId: '77', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  },
];

describe('deliver payload', () => {
  test('what version 1 wrote is still read', () => {
    for (const { bytes, pointer } of WRITTEN_BY_VERSION_1) {
      assert.deepEqual(readDeliverPayload('deliver', JSON.parse(bytes)), { pointer });
    }
  });

  test('version 1 is still written byte for byte', () => {
    for (const { bytes, pointer } of WRITTEN_BY_VERSION_1) {
      assert.equal(JSON.stringify(writeDeliverPayload({ ...pointer, jobId: 'b-1-1', delayMs: 5 })), bytes);
    }
  });

  test('what is written is read back', () => {
    const job = fc.record(
      { batchId: fc.string({ minLength: 1 }), traceparent: fc.string() },
      { requiredKeys: ['batchId'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(job, (pointer) => {
        const stored = JSON.parse(JSON.stringify(writeDeliverPayload({ ...pointer, jobId: 'b-1-1' })));
        assert.deepEqual(readDeliverPayload(DELIVER_JOB, stored), { pointer });
      }),
    );
  });

  test('a field added by a later producer of the same version is left alone', () => {
    assert.deepEqual(readDeliverPayload('deliver', { v: 1, batch_id: '7', hint: true }), { pointer: { batchId: '7' } });
  });

  test('another version, another name and broken payloads are errors that say what is wrong', () => {
    const wrong: [string, unknown, RegExp][] = [
      ['deliver', { v: 2, batch_id: '7' }, /unknown payload version 2/],
      ['deliver', { v: '1', batch_id: '7' }, /unknown payload version "1"/],
      ['deliver', { batch_id: '7' }, /unknown payload version undefined/],
      ['deliver', { v: 1 }, /no batch_id/],
      ['deliver', { v: 1, batch_id: '' }, /no batch_id/],
      ['deliver', { v: 1, batch_id: 7 }, /no batch_id/],
      ['deliver', { v: 1, batch_id: '7', traceparent: null }, /traceparent/],
      ['deliver', null, /not an object/],
      ['fan-out', { v: 1, batch_id: '7' }, /unknown job name "fan-out"/],
    ];
    for (const [name, data, message] of wrong) {
      const read = readDeliverPayload(name, data);
      assert.ok('unreadable' in read, JSON.stringify(data));
      assert.match(read.unreadable, message);
    }
  });

  test('no JSON value makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (name, data) => {
        readDeliverPayload(name, data);
        readDeliverPayload(DELIVER_JOB, data);
      }),
    );
  });
});

describe('job id', () => {
  test('the id of a claim is one that BullMQ takes, and differs from claim to claim', () => {
    const batchId = fc.oneof(
      fc.uuid(),
      fc.bigInt({ min: 0n }).map((id) => id.toString()),
    );
    fc.assert(
      fc.property(batchId, fc.nat(), (id, claim) => {
        assertJobId(jobIdFor(id, claim));
        assert.notEqual(jobIdFor(id, claim), jobIdFor(id, claim + 1));
      }),
    );
  });

  test('ids that BullMQ refuses are refused before they reach it', () => {
    for (const id of ['', '123', 'b:1', '0:b']) assert.throws(() => assertJobId(id), /not a job id/);
  });
});
