import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLine, parseLogLine } from './log-lines.ts';

const plain = { colour: false, sourceWidth: 8, leastLevel: 0 };
const time = new Date(2026, 0, 2, 10, 0, 1, 23).getTime();

test('a pino line becomes time, source, level, message and fields', () => {
  const line = JSON.stringify({ level: 30, time, pid: 1, hostname: 'h', msg: 'accepted', count: 3, lane: 'email' });
  assert.equal(formatLine('ingress', 0, line, plain), '10:00:01.023 ingress  info   accepted count=3 lane=email');
});

test('a pino line without a message shows its event', () => {
  const line = JSON.stringify({ level: 30, time, event: 'service.ready' });
  assert.match(formatLine('ingress', 0, line, plain) ?? '', /service\.ready$/);
});

test('an error is shown with its stack on lines of its own', () => {
  const line = JSON.stringify({
    level: 50,
    time,
    msg: 'failed',
    err: { message: 'no', stack: 'Error: no\n  at x.ts:1' },
  });
  assert.match(formatLine('ingress', 0, line, plain) ?? '', /ERROR {2}failed\n {4}Error: no\n {6}at x\.ts:1$/);
});

test('text that is not a log line is shown as it is, even when only warnings are wanted', () => {
  const shown = formatLine('control', 1, 'node: bad option', { ...plain, leastLevel: 40 });
  assert.match(shown ?? '', /^ {13}control +node: bad option$/);
});

test('lines below the wanted level are dropped', () => {
  const quiet = { ...plain, leastLevel: 40 };
  assert.equal(formatLine('ingress', 0, JSON.stringify({ level: 30, time, msg: 'x' }), quiet), undefined);
  assert.notEqual(formatLine('ingress', 0, JSON.stringify({ level: 40, time, msg: 'x' }), quiet), undefined);
});

test('colour is added only when wanted', () => {
  const line = JSON.stringify({ level: 40, time, msg: 'x' });
  assert.ok(!formatLine('ingress', 0, line, plain)?.includes('\x1b['));
  assert.ok(formatLine('ingress', 0, line, { ...plain, colour: true })?.includes('\x1b['));
});

test('a long value is cut and a line without a time keeps its columns', () => {
  const shown = formatLine('ingress', 0, JSON.stringify({ level: 30, msg: 'x', text: 'y'.repeat(500) }), plain) ?? '';
  assert.ok(shown.length < 200);
  assert.match(shown, /^ {13}ingress/);
});

test('JSON that is no log line is not taken for one', () => {
  for (const text of ['{"a":1}', '{"level":', '[1]', 'null', '']) assert.equal(parseLogLine(text), undefined);
});
