import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Account, createAccount } from './account.ts';
import { answerRequest } from './wire.ts';

const ask = (account: Account, body: string, head = 'POST / HTTP/1.1') =>
  answerRequest(Buffer.from(head), Buffer.from(body), account).toString();

test('a raw mail counts for its envelope recipient', () => {
  const account = createAccount();
  const answer = ask(
    account,
    'Source=orders%40shop.example&Destinations.member.1=to00000042%40bench.example&RawMessage.Data=AAAA&Action=SendRawEmail',
  );
  assert.match(answer, /<SendRawEmailResult><MessageId>bench-42-1<\/MessageId>/);
  assert.equal(account.taken, 1);
});

test('a bulk call counts once for each destination and answers in their order', () => {
  const account = createAccount();
  const answer = ask(
    account,
    'Action=SendBulkTemplatedEmail&Destinations.member.1.Destination.ToAddresses.member.1=to00000007%40bench.example' +
      '&Destinations.member.2.Destination.ToAddresses.member.1=to00000003%40bench.example',
  );
  assert.match(answer, /<MessageId>bench-7-1<\/MessageId>.*<MessageId>bench-3-1<\/MessageId>/);
  assert.equal(account.taken, 2);
});

test('version 2 of the API is counted too, one by one and in bulk', () => {
  const account = createAccount();
  const one = JSON.stringify({ Destination: { ToAddresses: ['to00000001@bench.example'] } });
  assert.match(ask(account, one, 'POST /v2/email/outbound-emails HTTP/1.1'), /"MessageId":"bench-1-1"/);
  const many = JSON.stringify({
    BulkEmailEntries: [2, 3].map((number) => ({ Destination: { ToAddresses: [`to0000000${number}@bench.example`] } })),
  });
  assert.match(ask(account, many, 'POST /v2/email/outbound-bulk-emails HTTP/1.1'), /bench-2-1.*bench-3-1/);
  assert.equal(account.taken, 3);
});

test('a second hand-over of a message shows in its id', () => {
  const account = createAccount();
  const body = 'Action=Publish&PhoneNumber=%2B467000000009&Message=code';
  assert.match(ask(account, body), /bench-9-1/);
  assert.match(ask(account, body), /bench-9-2/);
});

test('a push message counts by its order, and a token gets an endpoint', () => {
  const account = createAccount();
  assert.match(ask(account, 'Action=CreatePlatformEndpoint&Token=abc'), /endpoint\/GCM\/bench\/abc/);
  assert.match(ask(account, 'Action=Publish&TargetArn=x&Message=%7BNL-00000012%7D'), /bench-12-1/);
});

test('what is not a message of this run is refused and not counted', () => {
  const account = createAccount();
  assert.throws(() => ask(account, 'Action=SendRawEmail&Destinations.member.1=someone%40else.example'));
  assert.throws(() => ask(account, 'Action=DeleteEverything'));
  assert.equal(account.taken, 0);
});
