import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Options, readOptions } from './options.ts';
import { SCENARIOS } from './scenarios.ts';

test('a scenario is run once, with the window and the workers that suit it, unless told otherwise', () => {
  const { scenarios, runs, seconds, rate, save } = readOptions(['ht-email-1']) as Options;
  assert.deepEqual(
    scenarios.map(({ name }) => name),
    ['ht-email-1'],
  );
  assert.deepEqual({ runs, seconds, rate, save }, { runs: 1, seconds: undefined, rate: undefined, save: false });
});

test('all scenarios are run with --all', () => {
  assert.equal((readOptions(['--all']) as Options).scenarios.length, SCENARIOS.length);
});

test('what is not understood is said and not guessed', () => {
  assert.match(readOptions([]) as string, /name a scenario/);
  assert.match(readOptions(['ht-emial']) as string, /no scenario ht-emial/);
  assert.match(readOptions(['sms', '--runs=0']) as string, /--runs=0/);
  assert.match(readOptions(['sms', '--fast']) as string, /--fast/);
});
