import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { COMMANDS, run } from './run.ts';

const complete = { OUTRIGGER_KEY: 'k', OUTRIGGER_SECRET: 's3cret', OUTRIGGER_ORG: 'o', OUTRIGGER_SANDBOX: 'dev' };

/** Runs the commands against a service that answers as told; what it was asked is kept. */
async function against(answer: RequestListener, ...lines: string[][]) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    answer(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const OUTRIGGER_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ended = [];
  for (const args of lines) ended.push(await run(args, { ...complete, OUTRIGGER_URL }));
  server.close();
  server.closeAllConnections();
  return { asked, ended };
}

const json =
  (body: unknown, status = 200): RequestListener =>
  (_req, res) =>
    res.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'r-1' }).end(JSON.stringify(body));

test('every problem of the environment is named at once, and no value is shown', async () => {
  const { exitCode, err } = await run(['backlog'], {
    OUTRIGGER_SECRET: 's3cret\n',
    OUTRIGGER_URL: 'ftp://s3cret.example',
  });
  assert.equal(exitCode, 78);
  for (const name of ['KEY', 'SECRET', 'ORG', 'SANDBOX', 'URL']) assert.ok(err.includes(`OUTRIGGER_${name} `), name);
  assert.doesNotMatch(err, /s3cret/);
});

test('help needs no environment, and every command has its own', async () => {
  for (const { words, options } of COMMANDS) {
    const { exitCode, out } = await run([...words, '--help'], {});
    assert.equal(exitCode, 0);
    assert.ok(out.startsWith(`Usage: outrigger ${words.join(' ')}`), out);
    for (const name of Object.keys(options)) assert.ok(out.includes(`--${name}`), `${words.join(' ')} --${name}`);
  }
  for (const args of [[], ['--help'], ['dlq'], ['brake', '-h']]) assert.equal((await run(args, {})).exitCode, 0);
});

test('what is typed wrong asks no service anything', async () => {
  const wrong = [
    ['dlq', 'nothing'],
    ['nothing', '--help'],
    ['dlq', 'list', '--colour', 'red'],
    ['dlq', 'list', '--count', '0'],
    ['dlq', 'list', '--from', 'yesterday'],
    ['dlq', 'show'],
    ['dlq', 'redrive'],
    ['dlq', 'redrive', 'id', '--all'],
    ['dlq', 'redrive', 'id', 'id'],
    ['dlq', 'redrive', 'id', '--context', '{'],
    ['dlq', 'redrive', '--all', '--email', 'a@b.example', '--yes'],
    ['dlq', 'redrive', '--all', '--code', 'x', '--yes'],
    ['dlq', 'redrive', '--all', '--rate', '0', '--yes'],
    ['dlq', 'expire'],
    ['dlq', 'expire', 'id', 'id'],
    ['brake', 'pause', 'campaign'],
    ['brake', 'pause', 'tenant', 'x'],
    ['brake', 'pause', 'tenant'],
    ['brake', 'cancel', 'campaign', 'id'],
    ['brake', 'throttle', 'campaign', 'id'],
    ['brake', 'pause', 'planet', 'id', '--yes'],
    ['brake', 'release'],
    ['backlog', 'email'],
  ];
  const { asked, ended } = await against(json({}), ...wrong);
  assert.deepEqual(
    ended.map((one) => [one.exitCode, one.out]),
    wrong.map(() => [64, '']),
  );
  assert.deepEqual(asked, []);
});

test('a mass change that was not confirmed only says how much it would change', async () => {
  const { asked, ended } = await against(json({ data: [], _page: { count: 1, totalCount: 340, next: null } }), [
    'dlq',
    'expire',
    '--code',
    'permanent.recipient',
  ]);
  assert.equal(ended[0]!.exitCode, 64);
  assert.match(ended[0]!.err, /340 dead letters.*Nothing was done; say --yes/);
  assert.ok(asked.every((line) => line.startsWith('GET ')));
});

test('a refusal is shown with its code and the id for the log; silence and nonsense are unavailable', async () => {
  const refusal = {
    type: 'https://outrigger.dev/errors/OPS-000007-404',
    title: 'No such brake.',
    report: { additionalContext: { brakeId: 'b' } },
  };
  const refused = await against(json(refusal, 404), ['brake', 'release', 'b']);
  assert.deepEqual(refused.ended[0], {
    exitCode: 1,
    out: '',
    err: 'No such brake. (OPS-000007-404)\n  brakeId: b\n  x-request-id: r-1',
  });
  const away = await run(['backlog'], { ...complete, OUTRIGGER_URL: 'http://127.0.0.1:1' });
  assert.equal(away.exitCode, 69);
  const { ended } = await against((_req, res) => res.end('<html>'), ['backlog']);
  assert.equal(ended[0]!.exitCode, 69);
  assert.equal((await against(json({}, 503), ['backlog'])).ended[0]!.exitCode, 69);
});

test('credentials do not follow a redirect', async () => {
  const { asked, ended } = await against(
    (_req, res) => res.writeHead(307, { location: '/elsewhere' }).end(),
    ['backlog'],
  );
  assert.equal(ended[0]!.exitCode, 69);
  assert.equal(asked.length, 1);
});

test('a loss is an exit code, so that a cron job notices', async () => {
  const account = { from: 'a', to: 'b', accepted: 3, ended: 1, waiting: 1, lost: 1 };
  const { ended } = await against(json(account), ['account'], ['account', '--json']);
  assert.deepEqual([ended[0]!.exitCode, ended[0]!.out.endsWith('lost: 1')], [2, true]);
  assert.deepEqual(JSON.parse(ended[1]!.out), account);
});

test("a terminal does not obey a provider's answer", async () => {
  const letter = {
    messageId: 'm',
    diedAt: 'a',
    lane: 'email',
    state: 'failed',
    code: 'c',
    detail: 'x\u001b[2J\u202ey\n',
  };
  const { ended } = await against(json({ data: [letter], _page: { count: 1, totalCount: 1, next: null } }), [
    'dlq',
    'list',
  ]);
  assert.doesNotMatch(ended[0]!.out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('a key is made with its secret shown once, and ended only when that was meant', async () => {
  const key = { keyId: 'key_1', name: 'b', orgId: 'acme', sandboxNames: ['prod'], scopes: ['read'], secret: 'ors_x' };
  const { asked, ended } = await against(
    json(key),
    ['keys', 'create', 'b', '--of', 'acme', '--sandboxes', 'prod', '--scopes', 'read'],
    ['keys', 'create', 'b', '--of', 'acme'],
    ['keys', 'rotate', 'key_1'],
    ['keys', 'rotate', 'key_1', '--grace', '600'],
    ['keys', 'revoke', 'key_1'],
    ['keys', 'revoke', 'key_1', '--yes'],
  );
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    [0, 64, 64, 0, 64, 0],
  );
  assert.match(ended[0]!.out, /Secret {2}ors_x/);
  const base = '/journey/campaigns/service/operations/keys';
  assert.deepEqual(asked, [`POST ${base}`, `POST ${base}/key_1/rotate`, `DELETE ${base}/key_1`]);
});

test('the doctor says all of what is wrong and what to do, in lines that fit a terminal', async () => {
  const { exitCode, out } = await run(['doctor'], { PUSH_PROVIDER: 'sns', LOG_LEVEL: '' });
  assert.equal(exitCode, 1);
  const words = out.replaceAll(/\s+/g, ' ');
  assert.match(
    words,
    /PROBLEM ledger \(PostgreSQL\) DATABASE_URL is not set\. To do: Run the doctor in the environment/,
  );
  assert.match(words, /PROBLEM push provider SNS_REGION is not set\. To do: Correct it/);
  assert.match(
    words,
    /WARNING email provider sandbox This is the sandbox: nothing reaches anybody\. To do: Set EMAIL_PROVIDER/,
  );
  assert.match(words, /ok queues: QUEUE_URL is not set: the queues live in the ledger's PostgreSQL\./);
  assert.match(out, /\n\n3 problems, 2 warnings, 1 check passed\.$/);
  for (const line of out.split('\n')) assert.ok(line.length <= 120, line);
});

test('a variable that is wrong for every worker is said once', async () => {
  const { out } = await run(['doctor'], { LOG_LEVEL: 'loud' });
  assert.equal(out.match(/LOG_LEVEL/g)?.length, 1);
});

test('the doctor asks every service that it is told of, and says which of them cannot be reached', async () => {
  const { ended, asked } = await against(json({ ready: true }), ['doctor']);
  assert.deepEqual(asked, ['GET /readyz']);
  assert.match(ended[0]!.out, /ok {7}control: http\S+ is ready\./);
  const gone = await run(['doctor'], { OUTRIGGER_SERVICES: 'gateway=http://127.0.0.1:1,sms-worker=sms:8080' });
  assert.match(gone.out, /PROBLEM {2}gateway\n +http:\/\/127\.0\.0\.1:1 cannot be reached/);
  assert.match(gone.out, /PROBLEM {2}sms-worker\n +sms:8080 is no http or https address/);
  const wrong = await run(['doctor'], { OUTRIGGER_SERVICES: 'http://gateway' });
  assert.equal(wrong.exitCode, 64);
  assert.match(wrong.err, /OUTRIGGER_SERVICES: http:\/\/gateway is not a name/);
});
