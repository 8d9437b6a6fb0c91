import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { deriveTiming } from '@outrigger/core';
import { freePort, waitFor } from '@outrigger/testkit';
import { type ComposeProject, type Container, composeProject } from './compose-project.ts';
import { allEnded, assertOnceOrMarked, trigger, triggerMany } from './load.ts';
import { type PrintedCall, readPrintedCalls } from './printed-calls.ts';

const SERVICES = ['ingress', 'control', 'dispatcher', 'email-worker', 'sms-worker', 'push-worker'];
const IMAGES = [...SERVICES, 'migrate', 'demo'];
const VERSION = 'test';
const PROVIDER_TIMEOUT_MS = 5_000;
const { leaseMs } = deriveTiming(PROVIDER_TIMEOUT_MS);
const skip = process.env.COMPOSE_TEST !== '1' && 'needs a Docker engine and some minutes: set COMPOSE_TEST=1';

describe('the stack of docker-compose.yml', { skip, timeout: 30 * 60_000 }, () => {
  let project: ComposeProject;
  let controlUrl: string;
  let calls: PrintedCall[];
  let migrated: Container;
  const timings: string[] = [];

  const seconds = (fromMs: number) => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
  const workers = () => project.containers('email-worker');
  const batches = async (id: string) =>
    (await project.logLines(id)).filter((line) => line.event === 'batch.delivered').length;

  async function healthy(ids: string[]): Promise<void> {
    await waitFor(
      'all containers to be healthy',
      async () => {
        const states = (await Promise.all(ids.map(project.inspect))).map(({ State }) => State);
        const ended = states.find(({ Running }) => !Running);
        assert.equal(ended, undefined, 'a container ended');
        return states.every(({ Health }) => Health?.Status === 'healthy');
      },
      180_000,
    );
  }

  /** Who holds claims in this container: a worker's id is `email.<host>.…`, another one after each start. */
  async function holderIn(id: string): Promise<string | undefined> {
    const { Config } = await project.inspect(id);
    const pattern = `email.${Config.Hostname}.%`;
    return (await project.sql(`SELECT claimed_by FROM batches WHERE claimed_by LIKE '${pattern}' LIMIT 1`))[0];
  }

  async function batchesOf(holder: string): Promise<number> {
    return Number((await project.sql(`SELECT count(*) FROM batches WHERE claimed_by = '${holder}'`))[0]);
  }

  /** SIGKILL, at a moment when the worker in the container holds claims; again when it was just between two of them. */
  async function killWhileHolding(id: string): Promise<string> {
    for (;;) {
      await waitFor('the worker to hold work', () => holderIn(id));
      await project.docker('kill', '--signal', 'KILL', id);
      const holder = await holderIn(id);
      if (holder) return holder;
      await project.docker('start', id);
    }
  }

  before(async () => {
    const [ingressPort, controlPort] = [await freePort(), await freePort()];
    controlUrl = `http://127.0.0.1:${controlPort}`;
    project = await composeProject(`outrigger-test-${randomBytes(3).toString('hex')}`, {
      INGRESS_PORT: String(ingressPort),
      CONTROL_PORT: String(controlPort),
      PUBLISH_ADDRESS: '127.0.0.1',
      OUTRIGGER_VERSION: VERSION,
      DATABASE_URL: '',
      QUEUE_URL: '',
      LOG_LEVEL: 'debug',
      PROVIDER_TIMEOUT_MS: String(PROVIDER_TIMEOUT_MS),
      UNKNOWN_WINDOW_MS: '1000',
      JANITOR_EVERY_MS: '1000',
      // Small bites, so that there is work for all and a kill finds some of it under way.
      LANE_CONCURRENCY: '2',
      SEND_CONCURRENCY: '4',
    });
    const buildAt = performance.now();
    await project.compose('--profile', 'demo', 'build');
    timings.push(`images built in ${seconds(buildAt)}`);

    const upAt = performance.now();
    await project.compose('up', '-d');
    timings.push(`up returned after ${seconds(upAt)}`);
    // Now, because a later `up` or `run` migrates again.
    migrated = await project.inspect((await project.containers('migrate'))[0]!);
    calls = readPrintedCalls(await project.compose('run', '--rm', '-T', 'demo'));
    timings.push(`demo seeded ${seconds(upAt)} after up`);
    const [email] = calls;
    await trigger(email!);
    await waitFor('the first message', async () => (await kept('email')).length > 0);
    timings.push(`first message delivered ${seconds(upAt)} after up`);
    await healthy((await Promise.all(SERVICES.map(project.containers))).flat());
    timings.push(`everything healthy ${seconds(upAt)} after up, at the latest`);
  });

  after(async () => {
    for (const timing of timings) console.log(`compose: ${timing}`);
    await project.compose('--profile', 'demo', 'down', '--volumes', '--remove-orphans', '--timeout', '5');
    assert.deepEqual(await project.containers(), []);
  });

  async function kept(channel: string): Promise<{ recipient: string; content: Record<string, unknown> }[]> {
    const response = await fetch(`${controlUrl}/sandbox/messages?channel=${channel}`);
    return ((await response.json()) as { data: { recipient: string; content: Record<string, unknown> }[] }).data;
  }

  function diagnostic(t: TestContext, text: string): void {
    t.diagnostic(text);
    timings.push(text);
  }

  test('services start after the migration has ended, as nobody, on a file system that they cannot write', async () => {
    assert.equal(migrated.State.ExitCode, 0);
    for (const service of SERVICES) {
      const [id] = await project.containers(service);
      const { Config, HostConfig, State } = await project.inspect(id!);
      assert.equal(Config.User, '1000:1000', service);
      assert.equal(HostConfig.ReadonlyRootfs, true, service);
      assert.deepEqual(HostConfig.CapDrop, ['ALL'], service);
      const published = Object.keys(HostConfig.PortBindings ?? {}).length;
      assert.equal(published, ['ingress', 'control'].includes(service) ? 1 : 0, service);
      assert.equal(Config.Labels['org.opencontainers.image.title'], `outrigger ${service}`);
      assert.ok(State.StartedAt > migrated.State.FinishedAt, service);
    }
  });

  test('images hold neither tests nor the tools of development', async () => {
    const list = await project.docker('run', '--rm', `outrigger/email-worker:${VERSION}`, 'find', '/app', '-type', 'f');
    const files = list.split('\n');
    assert.ok(files.some((file) => file.endsWith('services/email-worker/src/main.ts')));
    const unwanted =
      /^\/app\/(packages|services)\/.*\.test\.ts$|^\/app\/(packages\/testkit|services\/(?!email-worker))|\.pnpm\/(typescript|node)@/;
    assert.deepEqual(
      files.filter((file) => unwanted.test(file)),
      [],
    );
    const base = /NODE_IMAGE=(\S+)/.exec(readFileSync(join('infra', 'docker', 'Dockerfile'), 'utf8'))![1]!;
    const size = async (image: string) =>
      Number(await project.docker('image', 'inspect', '--format', '{{.Size}}', image)) / 1e6;
    const baseSize = await size(base);
    timings.push(`base image ${base}: ${baseSize.toFixed(0)} MB`);
    for (const name of IMAGES) {
      const megabytes = await size(`outrigger/${name}:${VERSION}`);
      timings.push(`image ${name}: ${megabytes.toFixed(0)} MB, ${(megabytes - baseSize).toFixed(0)} MB of it ours`);
      assert.ok(megabytes - baseSize < 80, `${name} has grown to ${megabytes - baseSize} MB on top of its base`);
    }
  });

  test('the calls that the demo prints work as they stand, through the published port', async () => {
    assert.equal(calls.length, 3);
    for (const [index, channel] of ['email', 'sms', 'push'].entries()) {
      const executionId = await trigger(calls[index]!);
      const [message] = await allEnded(calls[index]!, [executionId], 20_000);
      assert.equal(message!.state, 'sent', channel);
      const [record] = await kept(channel);
      assert.match(JSON.stringify(record!.content), /Astrid|481 920|NL-48213/, channel);
    }
  });

  test('the demo run again prints the same key and campaigns', async () => {
    const again = readPrintedCalls(await project.compose('run', '--rm', '-T', 'demo'));
    assert.deepEqual(
      again.map(({ headers, body }) => [headers, body.campaignId]),
      calls.map(({ headers, body }) => [headers, body.campaignId]),
    );
  });

  test('three email workers share the work, and every message goes out once', async (t) => {
    await project.compose('up', '-d', '--no-build', '--scale', 'email-worker=3');
    const ids = await workers();
    assert.equal(ids.length, 3);
    await healthy(ids);
    const before = await Promise.all(ids.map(batches));
    const sentAt = performance.now();
    const executions = await triggerMany(calls[0]!, 1_000);
    const messages = await allEnded(calls[0]!, executions, 180_000);
    assert.equal(messages.length, 1_000);
    const took = seconds(sentAt);
    // Nothing was killed: whatever a busy machine may have left unknown for a moment, nobody gets anything twice.
    assert.equal((await assertOnceOrMarked(project, messages)).twice, 0);
    const shares = (await Promise.all(ids.map(batches))).map((count, index) => count - before[index]!);
    assert.ok(shares.filter((share) => share > 0).length > 1, `batches by worker: ${shares}`);
    diagnostic(t, `1000 messages over 3 email workers in ${took}; batches by worker: ${shares.join(', ')}`);
  });

  test('a worker that is killed under load and comes back settles its own journal, long before its claims end', async (t) => {
    const [id] = await workers();
    const load = triggerMany(calls[0]!, 4_000);
    const holder = await killWhileHolding(id!);
    const killedAt = performance.now();
    await project.docker('start', id!);
    await waitFor('its claims to be settled', async () => (await batchesOf(holder)) === 0, leaseMs - 5_000);
    const took = seconds(killedAt);
    const settled = (await project.logLines(id!)).filter((line) => line.event === 'journal.settled');
    assert.ok(settled.some((line) => line.worker_id === holder));
    const messages = await allEnded(calls[0]!, await load, 180_000);
    assert.equal(messages.length, 4_000);
    const { marked, twice } = await assertOnceOrMarked(project, messages);
    diagnostic(t, `killed under load, settled ${took} later; marked: ${marked}, really twice: ${twice}`);
    await healthy(await workers());
  });

  test('what a killed worker that stays away had begun is settled by the others from the shared journal', async (t) => {
    const [id] = await workers();
    const load = triggerMany(calls[0]!, 4_000);
    await killWhileHolding(id!);
    const killedAt = performance.now();
    const messages = await allEnded(calls[0]!, await load, 180_000);
    const took = seconds(killedAt);
    assert.equal(messages.length, 4_000);
    const { marked, twice } = await assertOnceOrMarked(project, messages);
    diagnostic(t, `killed for good, all ended ${took} later; marked: ${marked}, twice: ${twice}`);
    await project.compose('up', '-d', '--no-build', '--scale', 'email-worker=3');
    await healthy(await workers());
  });

  test('everything stops cleanly in its time, and starts again with all it knew', async (t) => {
    const executionId = await trigger(calls[1]!);
    const stopAt = performance.now();
    await project.compose('stop');
    diagnostic(t, `stop took ${seconds(stopAt)}`);
    for (const service of SERVICES) {
      for (const id of await project.containers(service)) {
        assert.equal((await project.inspect(id)).State.ExitCode, 0, service);
      }
    }
    await project.compose('up', '-d', '--no-build', '--scale', 'email-worker=3');
    const startAt = performance.now();
    await healthy((await Promise.all(SERVICES.map(project.containers))).flat());
    diagnostic(t, `healthy again ${seconds(startAt)} after up`);
    const [message] = await allEnded(calls[1]!, [executionId], 60_000);
    assert.equal(message!.state, 'sent');
    await assertOnceOrMarked(project, [message!]);
  });
});
