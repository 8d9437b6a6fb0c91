import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInstallPlan } from './redis-package.ts';

test('the plan of a simulated install names the packages that would be unpacked', () => {
  const output = [
    'Reading package lists...',
    'The following NEW packages will be installed:',
    'Inst liblzf1 (3.6-3 Debian:12.15/oldstable [amd64])',
    'Inst redis-tools [5:7.0.15-1] (5:7.0.15-2 Debian:12.15/oldstable [amd64]) []',
    'Conf liblzf1 (3.6-3 Debian:12.15/oldstable [amd64])',
  ].join('\n');
  assert.deepEqual(parseInstallPlan(output), ['liblzf1', 'redis-tools']);
});

test('a plan without packages is empty', () => {
  assert.deepEqual(parseInstallPlan('0 upgraded, 0 newly installed.\n'), []);
});
