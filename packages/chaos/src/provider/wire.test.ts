import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSesRequest, readSnsRequest } from './wire.ts';

const ID = '01a1fdfd-8f50-7880-8ef8-e2db5b0bc40b';
const OTHER = '01a1fdfd-8f50-7880-8ef8-e2db5b0bc40c';

function sesBody(headerId: string, subject: string): string {
  const raw = `From: <a@b.example>\r\nSubject: ${subject}\r\nMessage-ID: <${headerId}@b.example>\r\n\r\nhello`;
  return JSON.stringify({
    Destination: { ToAddresses: ['c12r3@shop.example'] },
    Content: { Raw: { Data: Buffer.from(raw).toString('base64') } },
    EmailTags: [{ Name: 'outrigger_message_id', Value: ID }],
  });
}

test('an email is known by its tag and its recipient', () => {
  assert.deepEqual(readSesRequest(sesBody(ID, 'c12r3 is on its way')), {
    action: 'send',
    bulk: false,
    messages: [{ channel: 'email', messageId: ID, key: 'c12r3', recipient: 'c12r3@shop.example' }],
  });
});

test('an email whose parts belong to different messages or people is refused', () => {
  assert.throws(() => readSesRequest(sesBody(OTHER, 'c12r3 is on its way')));
  assert.throws(() => readSesRequest(sesBody(ID, 'c12r4 is on its way')));
});

test('a call with several emails hands over each of them', () => {
  const entry = (key: string, subjectKey = key) => ({
    Destination: { ToAddresses: [`${key}@shop.example`] },
    ReplacementTags: [{ Name: 'outrigger_message_id', Value: ID }],
    ReplacementEmailContent: {
      ReplacementTemplate: { ReplacementTemplateData: JSON.stringify({ s: `${subjectKey} is on its way` }) },
    },
  });
  const read = readSesRequest(JSON.stringify({ BulkEmailEntries: [entry('c1r1'), entry('c1r2')] }));
  assert.ok(read?.action === 'send' && read.bulk);
  assert.deepEqual(
    read.messages.map(({ key }) => key),
    ['c1r1', 'c1r2'],
  );
  assert.throws(() => readSesRequest(JSON.stringify({ BulkEmailEntries: [entry('c1r1', 'c1r2')] })));
});

test('a text message is known by the key in its text', () => {
  const body = new URLSearchParams({ Action: 'Publish', PhoneNumber: '+46700000001', Message: 'c5r0 is your code.' });
  assert.deepEqual(readSnsRequest(body.toString()), {
    action: 'send',
    bulk: false,
    messages: [{ channel: 'sms', messageId: '', key: 'c5r0', recipient: '+46700000001' }],
  });
});

test('a push message is known by the message id in its data and the token in its endpoint', () => {
  const fcm = { fcmV1Message: { message: { data: { key: 'c7r1', outrigger_message_id: ID } } } };
  const body = new URLSearchParams({
    Action: 'Publish',
    TargetArn: 'arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/chaos/c7r1',
    Message: JSON.stringify({ default: 'push', GCM: JSON.stringify(fcm) }),
  });
  assert.deepEqual(readSnsRequest(body.toString()), {
    action: 'send',
    bulk: false,
    messages: [{ channel: 'push', messageId: ID, key: 'c7r1', recipient: 'c7r1' }],
  });
});
