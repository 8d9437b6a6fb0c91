import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import { test } from 'node:test';
import { processTable } from './process-table.ts';
import { dataFolderOf, readSettings, type StackSettings } from './settings.ts';

function settingsFor(args: readonly string[], environment: NodeJS.ProcessEnv = {}): StackSettings {
  const result = readSettings(args, environment, processTable);
  assert.equal(result.kind, 'settings');
  return (result as { settings: StackSettings }).settings;
}

test('without arguments and variables the stack runs its own database and no Redis, on the default ports', () => {
  const settings = settingsFor([]);
  assert.equal(settings.databaseUrl, undefined);
  assert.equal(settings.queueUrl, undefined);
  assert.equal(settings.redisPort, undefined);
  assert.equal(settings.postgresPort, 54_320);
  assert.equal(settings.servicePorts.get('ingress'), 8080);
  assert.equal(settings.logFormat, 'pretty');
});

test('variables move ports and name stores; an empty one counts as absent', () => {
  const environment = { INGRESS_PORT: '9000', EMAIL_WORKER_PORT: 'x', DATABASE_URL: '', QUEUE_URL: 'redis://there' };
  const settings = settingsFor([], environment);
  assert.equal(settings.servicePorts.get('ingress'), 9000);
  assert.ok(Number.isNaN(settings.servicePorts.get('email-worker')));
  assert.equal(settings.databaseUrl, undefined);
  assert.equal(settings.queueUrl, 'redis://there');
});

test('--redis asks for a Redis of our own, and not together with QUEUE_URL', () => {
  assert.equal(settingsFor(['--redis']).redisPort, 63_790);
  assert.equal(settingsFor(['--redis'], { OUTRIGGER_REDIS_PORT: '7000' }).redisPort, 7000);
  assert.equal(readSettings(['--redis'], { QUEUE_URL: 'redis://there' }, processTable).kind, 'refused');
});

test('an unknown option is refused with the list of those that exist', () => {
  const result = readSettings(['--quite'], {}, processTable);
  assert.equal(result.kind, 'refused');
  assert.match((result as { problem: string }).problem, /unknown option --quite[\s\S]*--quiet/);
});

test('the help names every port variable', () => {
  const result = readSettings(['--help'], {}, processTable);
  const text = result.kind === 'help' ? result.text : '';
  for (const { portVariable } of processTable) assert.ok(text.includes(portVariable), portVariable);
});

test('the data folder is absolute, whatever the variable says', () => {
  for (const value of [undefined, 'elsewhere', '/tmp/elsewhere']) {
    assert.ok(isAbsolute(dataFolderOf({ OUTRIGGER_DATA_DIR: value })));
  }
});
