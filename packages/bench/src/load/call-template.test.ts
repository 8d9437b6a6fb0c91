import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALL_SLOT, numberSlot } from '../numbers.ts';
import { createCallTemplate } from './call-template.ts';

test('a call carries its own number and those of its recipients, and says its length in bytes', () => {
  const { request } = createCallTemplate({
    path: '/calls',
    headers: { authorization: 'Bearer x' },
    recipients: 2,
    body: { requestId: `bench-${CALL_SLOT}`, city: 'Göteborg', people: [numberSlot(0), numberSlot(1)] },
  });
  const text = request(3, 6).toString('latin1');
  const [head, body] = text.split('\r\n\r\n') as [string, string];
  assert.match(head, /^POST \/calls HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\nauthorization: Bearer x\r\n/);
  assert.equal(Number(/Content-Length: (\d+)/.exec(head)![1]), Buffer.byteLength(body));
  assert.deepEqual(JSON.parse(body), {
    requestId: 'bench-00000003',
    city: 'Göteborg',
    people: ['00000006', '00000007'],
  });
});
