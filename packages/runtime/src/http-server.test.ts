import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from './http.ts';
import { listen } from './http-server.ts';

test('a caller that keeps its connection busy does not hold a stop up, and loses no answer that was begun', async () => {
  const app = createApp();
  app.get('/slow', async (_req, res) => {
    await delay(20);
    res.json({ whole: true });
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });

  /** What came of one request: a whole answer, or none at all. */
  const ask = () =>
    new Promise<'answered' | 'broken' | 'none'>((resolve) => {
      const asking = request({ agent, host: '127.0.0.1', port: server.port, path: '/slow' }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('close', () => resolve(text === '{"whole":true}' ? 'answered' : 'broken'));
      });
      asking.on('error', () => resolve('none'));
      asking.end();
    });

  const seen = new Map<string, number>();
  let goesOn = true;
  const callers = Array.from({ length: 8 }, async () => {
    while (goesOn) {
      const result = await ask();
      seen.set(result, (seen.get(result) ?? 0) + 1);
      if (result === 'none') await delay(5);
    }
  });
  await delay(200);
  const stopped = server.stop().then(() => 'stopped');
  const first = await Promise.race([stopped, delay(10_000, 'still stopping', { ref: false })]);
  goesOn = false;
  await Promise.all(callers);
  agent.destroy();
  assert.equal(first, 'stopped');
  assert.ok(seen.get('answered')! > 0);
  assert.equal(seen.get('broken'), undefined);
});
