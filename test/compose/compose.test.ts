import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deriveTiming } from '@outrigger/core';
import { findFreePort, waitFor } from '@outrigger/testkit';
import { type ComposeProject, type Container, composeProject } from './compose-project.ts';
import {
  allEnded,
  assertOnceOrMarked,
  inWords,
  type Message,
  RECIPIENTS_A_CALL,
  trigger,
  triggerMany,
} from './load.ts';
import { type PrintedCall, readPrintedCalls } from './printed-calls.ts';
import { createSummary, secondsSince } from './summary.ts';

const SERVICES = ['ingress', 'control', 'gateway', 'dispatcher', 'email-worker', 'sms-worker', 'push-worker'];
const PUBLISHED = ['ingress', 'control', 'gateway'];
const IMAGES = [...SERVICES, 'migrate', 'demo', 'cli'];
const VERSION = 'test';
const PROVIDER_TIMEOUT_MS = 5_000;
const { leaseMs } = deriveTiming(PROVIDER_TIMEOUT_MS);
const skip = process.env.COMPOSE_TEST !== '1' && 'needs a Docker engine and some minutes: set COMPOSE_TEST=1';

describe('the stack of docker-compose.yml', { skip, timeout: 30 * 60_000 }, () => {
  let project: ComposeProject;
  let controlUrl: string;
  let calls: PrintedCall[];
  let migrated: Container;
  const summary = createSummary('What this run of the stack showed');

  const workers = () => project.containers('email-worker');
  const batches = async (id: string) =>
    (await project.logLines(id)).filter((line) => line.event === 'batch.delivered').length;

  async function healthy(ids: string[]): Promise<void> {
    await waitFor(
      'all containers to be healthy',
      async () => {
        const states = (await Promise.all(ids.map(project.inspect))).map(({ State }) => State);
        // One that could not reach a store in time starts again by itself.
        const ended = states.find(({ Running, Restarting }) => !Running && !Restarting);
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
    const [ingressPort, controlPort, gatewayPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
    controlUrl = `http://127.0.0.1:${controlPort}`;
    project = await composeProject(`outrigger-test-${randomBytes(3).toString('hex')}`, {
      INGRESS_PORT: String(ingressPort),
      CONTROL_PORT: String(controlPort),
      GATEWAY_PORT: String(gatewayPort),
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
    await project.compose('--profile', 'demo', '--profile', 'tools', 'build');
    summary.note('images', `built in ${secondsSince(buildAt)}`);

    const upAt = performance.now();
    await project.compose('up', '-d');
    summary.note('up', `returned after ${secondsSince(upAt)}`);
    // Now, because a later `up` or `run` migrates again.
    migrated = await project.inspect((await project.containers('migrate'))[0]!);
    calls = readPrintedCalls(await project.compose('run', '--rm', '-T', 'demo'));
    summary.note('demo', `its tenant, campaigns and key were there ${secondsSince(upAt)} after up`);
    const [email] = calls;
    await trigger(email!);
    await waitFor('the first message', async () => (await kept('email')).length > 0);
    summary.note('first message', `delivered ${secondsSince(upAt)} after up`);
    await healthy((await Promise.all(SERVICES.map(project.containers))).flat());
    summary.note('health', `every service was seen healthy ${secondsSince(upAt)} after up`);
  });

  after(async () => {
    summary.print();
    await project.compose(
      '--profile',
      'demo',
      '--profile',
      'tools',
      'down',
      '--volumes',
      '--remove-orphans',
      '--timeout',
      '5',
    );
    assert.deepEqual(await project.containers(), []);
  });

  async function kept(channel: string): Promise<{ recipient: string; content: Record<string, unknown> }[]> {
    const response = await fetch(`${controlUrl}/sandbox/messages?channel=${channel}`);
    return ((await response.json()) as { data: { recipient: string; content: Record<string, unknown> }[] }).data;
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
      assert.equal(published, PUBLISHED.includes(service) ? 1 : 0, service);
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
    const sizes: string[] = [];
    for (const name of IMAGES) {
      const own = (await size(`outrigger/${name}:${VERSION}`)) - baseSize;
      sizes.push(`${name} ${own.toFixed(0)}`);
      assert.ok(own < 80, `${name} has grown to ${own} MB on top of its base`);
    }
    summary.note('image sizes', `in MB on top of ${base} (${baseSize.toFixed(0)}): ${sizes.join(', ')}`);
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

  test('the doctor finds nothing wrong in it, and names what is when something is', async () => {
    const doctor = () => project.compose('run', '--rm', '-T', 'outrigger', 'doctor');
    const well = await doctor();
    assert.match(well, /\n0 problems, 3 warnings, \d+ checks passed/);
    const [redis] = await project.containers('redis');
    const configure = (value: string) =>
      project.docker('exec', redis!, 'redis-cli', 'CONFIG', 'SET', 'maxmemory-policy', value);
    await configure('allkeys-lru');
    try {
      await assert.rejects(doctor(), /PROBLEM {2}queues \(Redis\)\s+maxmemory-policy is allkeys-lru/);
    } finally {
      await configure('noeviction');
    }
    summary.note('doctor', well.trim().split('\n').at(-1)!);
  });

  test('three email workers share the work, and every message goes out once', async () => {
    await project.compose('up', '-d', '--no-build', '--scale', 'email-worker=3');
    const ids = await workers();
    assert.equal(ids.length, 3);
    await healthy(ids);
    const before = await Promise.all(ids.map(batches));
    const shares = async () => (await Promise.all(ids.map(batches))).map((count, index) => count - before[index]!);
    const sentAt = performance.now();
    const messages: Message[] = [];
    // Jobs are taken, not dealt out: now and then one worker is quick enough to leave nothing of a short load.
    do {
      const executions = await triggerMany(calls[0]!, 2_000);
      messages.push(...(await allEnded(calls[0]!, executions, 180_000)));
    } while ((await shares()).includes(0) && messages.length < 10_000);
    const took = secondsSince(sentAt);
    assert.deepEqual((await shares()).includes(0), false, `batches by worker: ${await shares()}`);
    const books = await assertOnceOrMarked(project, messages);
    // Nothing was killed: whatever a busy machine may have left unknown for a moment, nobody gets anything twice.
    assert.equal(books.twice, 0);
    summary.note(
      'three workers',
      `${messages.length} messages in ${took}, batches by worker ${(await shares()).join(', ')}`,
    );
    summary.note('', inWords(books));
  });

  test('a worker and Redis are killed under load: calls are accepted all the same, and nothing is lost', async () => {
    const [redis] = await project.containers('redis');
    const [id] = await workers();
    const executions: string[] = [];
    const load = triggerMany(calls[0]!, 4_000, executions);
    await killWhileHolding(id!);
    await project.docker('kill', '--signal', 'KILL', redis!);
    const killedAt = performance.now();
    await load;
    const before = executions.length;
    await triggerMany(calls[0]!, 1_000, executions);
    const without = (executions.length - before) * RECIPIENTS_A_CALL;
    const away = secondsSince(killedAt);
    await project.docker('start', redis!, id!);
    const startedAt = performance.now();
    const messages = await allEnded(calls[0]!, executions, 180_000);
    assert.equal(messages.length, 5_000);
    const took = secondsSince(startedAt);
    const books = await assertOnceOrMarked(project, messages);
    summary.note('worker and Redis', `killed for ${away}; all had been sent ${took} after their return`);
    summary.note('', `${without} of the messages were accepted while there was no Redis`);
    summary.note('', inWords(books));
    await healthy([redis!, ...(await workers())]);
  });

  test('a worker that is killed under load and comes back settles its own journal, long before its claims end', async () => {
    const [id] = await workers();
    const load = triggerMany(calls[0]!, 4_000);
    const holder = await killWhileHolding(id!);
    const killedAt = performance.now();
    await project.docker('start', id!);
    await waitFor('its claims to be settled', async () => (await batchesOf(holder)) === 0, leaseMs - 5_000);
    const took = secondsSince(killedAt);
    const settled = (await project.logLines(id!)).filter((line) => line.event === 'journal.settled');
    assert.ok(settled.some((line) => line.worker_id === holder));
    const messages = await allEnded(calls[0]!, await load, 180_000);
    assert.equal(messages.length, 4_000);
    const books = await assertOnceOrMarked(project, messages);
    summary.note('worker killed', `and started again: it settled what it had held ${took} after the kill`);
    summary.note('', inWords(books));
    await healthy(await workers());
  });

  test('what a killed worker that stays away had begun is settled by the others from the shared journal', async () => {
    const [id] = await workers();
    const load = triggerMany(calls[0]!, 4_000);
    await killWhileHolding(id!);
    const killedAt = performance.now();
    const messages = await allEnded(calls[0]!, await load, 180_000);
    const took = secondsSince(killedAt);
    assert.equal(messages.length, 4_000);
    const books = await assertOnceOrMarked(project, messages);
    summary.note('worker killed', `for good: the others had ended everything ${took} later`);
    summary.note('', inWords(books));
    await project.compose('up', '-d', '--no-build', '--scale', 'email-worker=3');
    await healthy(await workers());
  });

  test('everything stops cleanly in its time, and starts again with all it knew', async () => {
    const executionId = await trigger(calls[1]!);
    const stopAt = performance.now();
    await project.compose('stop');
    const stopped = secondsSince(stopAt);
    for (const service of SERVICES) {
      for (const id of await project.containers(service)) {
        assert.equal((await project.inspect(id)).State.ExitCode, 0, service);
      }
    }
    await project.compose('up', '-d', '--no-build', '--scale', 'email-worker=3');
    const startAt = performance.now();
    await healthy((await Promise.all(SERVICES.map(project.containers))).flat());
    summary.note('stop and start', `stopped in ${stopped}, healthy again ${secondsSince(startAt)} after up`);
    const [message] = await allEnded(calls[1]!, [executionId], 60_000);
    assert.equal(message!.state, 'sent');
    await assertOnceOrMarked(project, [message!]);
  });
});
