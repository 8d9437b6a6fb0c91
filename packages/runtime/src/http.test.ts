import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { refuse } from '@outrigger/core';
import { Router } from 'express';
import { pino } from 'pino';
import { createApp, finishApp, sendRefusal } from './http.ts';
import { readBody } from './http-body.ts';
import { listen } from './http-server.ts';

type LogLine = Record<string, unknown>;
const lines: LogLine[] = [];
const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });

function thrower(error: unknown) {
  return () => {
    throw error;
  };
}

const app = createApp();
const routes = Router({ strict: true, caseSensitive: true });
routes.get('/things/:id', (req, res) => void res.json({ id: req.params.id }));
routes.put('/things/:id', (_req, res) => void res.json({}));
routes.post('/things/import', (_req, res) => void res.json({ imported: true }));
routes.get('/broken', thrower(new Error('secret: relation "people" does not exist')));
routes.get('/away', thrower(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })));
routes.get('/restarting', thrower(Object.assign(new Error('x'), { code: '57P01' })));
routes.get('/lost', thrower(new Error('Connection terminated unexpectedly')));
routes.get('/text', thrower('secret text'));
routes.get('/rejected', () => Promise.reject());
routes.post('/echo', async (req, res) => {
  const read = await readBody(req, 10);
  if ('refusal' in read) sendRefusal(res, read.refusal);
  else res.json({ bytes: read.body.length });
});
const later = Router();
later.all('/things/:id', (_req, res) => void res.json({ wrong: 'handler' }));
app.use('/base', routes);
app.use('/base', later);
app.get('/top', (_req, res) => void res.json({}));
finishApp(app, log);
const server = await listen(app, { host: '127.0.0.1', port: 0 });
after(() => server.stop());

async function ask(path: string, options: RequestInit = {}) {
  lines.length = 0;
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, options);
  const text = await response.text();
  return { response, text, body: text === '' ? undefined : JSON.parse(text) };
}

test('an error is 500 without a word of it, and the log line has the id that the caller was given', async () => {
  const { response, text } = await ask('/base/broken', { headers: { 'x-request-id': `caller-${'x'.repeat(500)}` } });
  assert.equal(response.status, 500);
  assert.doesNotMatch(text, /secret|people|caller/);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.event, 'http.failed');
  assert.equal(lines[0]?.request_id, response.headers.get('x-request-id'));
  assert.equal(lines[0]?.caller_request_id, `caller-${'x'.repeat(57)}`);
});

test('a store that is away is 503 with Retry-After', async () => {
  for (const path of ['/base/away', '/base/restarting', '/base/lost']) {
    const { response, body } = await ask(path);
    assert.equal(response.status, 503);
    assert.match(body.type, /MSG-000503-503$/);
    assert.equal(response.headers.get('retry-after'), '2');
    assert.equal(lines.length, 1);
    assert.ok(!('caller_request_id' in lines[0]!));
  }
});

test('something thrown that is no error is 500', async () => {
  for (const path of ['/base/text', '/base/rejected']) {
    const { response, text } = await ask(path);
    assert.equal(response.status, 500);
    assert.doesNotMatch(text, /secret/);
    assert.equal(lines.length, 1);
  }
});

test('a caller is told about a broken escape, and nothing is logged', async () => {
  const { response, body } = await ask('/base/things/%E0%A4%A');
  assert.equal(response.status, 400);
  assert.match(body.title, /percent escape/);
  assert.equal(lines.length, 0);
});

test('a path that is there answers another method with 405 and what it takes, and no later router gets it', async () => {
  for (const [method, path, allow] of [
    ['DELETE', '/base/things/1', 'GET, HEAD, PUT'],
    ['OPTIONS', '/base/things/1', 'GET, HEAD, PUT'],
    ['DELETE', '/base/things/import', 'GET, HEAD, PUT'],
    ['POST', '/top', 'GET, HEAD'],
  ] as const) {
    const { response, body } = await ask(path, { method });
    assert.equal(response.status, 405, `${method} ${path}`);
    assert.match(body.type, /MSG-000405-405$/);
    assert.equal(response.headers.get('allow'), allow);
  }
});

test('the methods that are there still work beside it', async () => {
  assert.deepEqual((await ask('/base/things/1')).body, { id: '1' });
  assert.deepEqual((await ask('/base/things/import', { method: 'POST' })).body, { imported: true });
  assert.equal((await ask('/base/things/1', { method: 'HEAD' })).response.status, 200);
});

test('an unknown path is 404, named, cut', async () => {
  const { response, body } = await ask(`/base/${'x'.repeat(5_000)}`);
  assert.equal(response.status, 404);
  assert.match(body.title, /^There is no GET \/base\/x+\.$/);
  assert.ok(body.title.length < 130);
});

test('every answer has a request id of its own, and nothing tells what serves it', async () => {
  const seen = new Set<string | null>();
  for (const path of ['/top', '/base/nowhere', '/base/away', '/base/things/%']) {
    const { response } = await ask(path);
    seen.add(response.headers.get('x-request-id'));
    assert.equal(response.headers.get('x-powered-by'), null);
    assert.equal(response.headers.get('etag'), null);
  }
  assert.equal(seen.size, 4);
  assert.ok(!seen.has(null));
});

test('a body is read up to its limit and not a byte further', async () => {
  const post = (body: string) => ask('/base/echo', { method: 'POST', body });
  assert.deepEqual((await post('1234567890')).body, { bytes: 10 });
  assert.deepEqual((await post('')).body, { bytes: 0 });
  assert.match((await post('12345678901')).body.type, /MSG-000413-413$/);
});

test('a refusal after an answer has begun changes nothing', async () => {
  const bare = createApp();
  bare.get('/', (_req, res) => {
    res.write('begun');
    sendRefusal(res, refuse('MSG-000500'));
    res.end();
  });
  finishApp(bare, log);
  const other = await listen(bare, { host: '127.0.0.1', port: 0 });
  const response = await fetch(`http://127.0.0.1:${other.port}/`);
  assert.equal(await response.text(), 'begun');
  await other.stop();
});
