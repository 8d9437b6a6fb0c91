import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  createControlApp,
  createIngressApp,
  ingressListener,
  type Operation,
  operationsOf,
  startListWorker,
} from '@outrigger/api';
import { hashSecret } from '@outrigger/pipeline';
import { createLog, listen } from '@outrigger/runtime';
import { createTestCaller, openTestLedger, type TestCaller, waitFor } from '@outrigger/testkit';
import { apiOperations } from '../../infra/docs/openapi.ts';
import { type Belongings, storeBelongings } from './belongings.ts';
import { call } from './call.ts';
import { bodiesOf, nameOf, pathOf } from './requests.ts';

/**
 * Walks every route of the OpenAPI document, as one tenant with the ids of another, and proves that nothing crosses (spec 6.1;
 * design promise 8). A new route that takes an id or a body which `belongings.ts` and `requests.ts` do not know fails here.
 */
const { pool, schema } = await openTestLedger();
const log = createLog('isolation', 'silent');
const orgId = `org-${randomUUID()}`;
/** In everything that the owner stores and in nothing that others send: no answer to anybody else may hold it. */
const MARK = `mark${randomUUID().slice(0, 8)}`;
const UPLOAD = { 'content-type': 'multipart/form-data; boundary=x' };
const UPLOADED =
  '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\ncontent-type: text/csv\r\n\r\ncontext.a\r\na\r\n--x--\r\n';

type Walked = { operation: Operation; server: string };
let callers: Record<'owner' | 'stranger' | 'neighbour', TestCaller>;
let walked: Walked[];
let owned: Belongings;
let bodies: Record<string, () => unknown>;
let tables: string[];
let stop: () => Promise<void>;

before(async () => {
  const owner = await createTestCaller(pool, hashSecret, { orgId });
  // A sandbox of the same organisation, and another organisation: neither may see the owner's.
  const neighbour = await createTestCaller(pool, hashSecret, { orgId, sandboxName: 'dev' });
  const stranger = await createTestCaller(pool, hashSecret);
  callers = { owner, stranger, neighbour };
  const worker = startListWorker(pool, log);
  const wake = worker.wake;
  const ingressApp = createIngressApp({ pool, log, enqueue: () => undefined, queueReachable: () => true });
  const controlApp = createControlApp({
    pool,
    log,
    ingressUrl: 'http://localhost',
    sandboxViewer: false,
    onListWork: wake,
  });
  // As they are served: the ingress answers its busiest calls before Express sees them.
  const listeners = [ingressListener(ingressApp, log), controlApp];
  const servers = await Promise.all(listeners.map((one) => listen(one, { host: '127.0.0.1', port: 0 })));
  const [ingress, control] = servers.map(({ port }) => `http://127.0.0.1:${port}`) as [string, string];
  walked = [
    { app: ingressApp, server: ingress },
    { app: controlApp, server: control },
  ].flatMap(({ app, server }) => operationsOf(app).operations.map((operation) => ({ operation, server })));
  stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await worker.stop();
  };
  owned = await storeBelongings(pool, owner, { ingress, control }, MARK);
  bodies = bodiesOf(owned);
  tables = await tenantTables();
});
after(() => stop());

const asked = () => walked.filter(({ operation }) => operation.scope !== null);

function ask(caller: TestCaller, { operation, server }: Walked, headers: Record<string, string> = {}) {
  const url = server + pathOf(operation, owned).path;
  if (operation.description.upload) return call(caller, operation.method, url, UPLOADED, { ...UPLOAD, ...headers });
  return call(caller, operation.method, url, bodies[nameOf(operation)]?.(), headers);
}

/** Tables with rows of a tenant; a partition shows in its parent. */
async function tenantTables(): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** Everything that belongs to the owner, a digest a table: any change of any row shows. */
async function snapshot(): Promise<Record<string, string>> {
  const digests = tables.map(
    (name) =>
      `SELECT '${name}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${name} t WHERE tenant_id = $1`,
  );
  const { rows } = await pool.query<{ name: string; digest: string }>(digests.join(' UNION ALL '), [
    callers.owner.tenant.tenantId,
  ]);
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}

describe('no call sees or changes what belongs to another tenant', () => {
  test('the walk is complete: every route of the OpenAPI document, with an id and a body for whatever takes one', async () => {
    const { operations } = await apiOperations();
    const names = new Set(walked.map(({ operation }) => nameOf(operation)));
    // What the gateway is called with comes from providers: it knows no tenants by their keys.
    const documented = operations.filter(({ path }) => !path.startsWith('/callbacks/')).map(nameOf);
    assert.deepEqual(
      documented.filter((name) => !names.has(name)),
      [],
    );
    const without = asked().flatMap(({ operation }) => [
      ...pathOf(operation, owned).unknown.map((parameter) => `${nameOf(operation)}: the owner has no ${parameter}`),
      ...(operation.description.body && !bodies[nameOf(operation)] ? [`${nameOf(operation)}: no body`] : []),
    ]);
    assert.deepEqual(without, []);
    assert.ok(tables.length > 20, `only ${tables.length} tables`);
  });

  test('the walk can fail: the owner sees its own mark on many routes', async () => {
    let seen = 0;
    for (const one of asked().filter(({ operation }) => operation.method === 'get')) {
      const { text } = await ask(callers.owner, one);
      if (text.includes(MARK)) seen++;
    }
    assert.ok(seen >= 25, `only ${seen} routes show it`);
  });

  for (const who of ['stranger', 'neighbour'] as const) {
    test(`a ${who}, in its own name, with the owner's ids in paths and bodies`, async () => {
      const caller = callers[who];
      await known(caller);
      const untouched = await snapshot();
      for (const one of asked()) {
        const name = nameOf(one.operation);
        const { hasOwned } = pathOf(one.operation, owned);
        const answer = await ask(caller, one);
        assert.ok(answer.status < 500, `${name}: ${answer.status} ${answer.text}`);
        assert.ok(!answer.text.includes(MARK), `${name} shows the owner's: ${answer.text}`);
        if (hasOwned) assert.ok(answer.status >= 400, `${name} with the owner's id: ${answer.status}`);
        assert.deepEqual(await snapshot(), untouched, `${name} changed what is the owner's`);
      }
    });

    test(`a ${who}, in the owner's name with its own credentials, is refused everywhere`, async () => {
      const pretending = { 'x-gw-ims-org-id': orgId, 'x-sandbox-name': callers.owner.tenant.sandboxName };
      for (const one of asked()) {
        const answer = await ask(callers[who], one, pretending);
        assert.equal(answer.status, 403, `${nameOf(one.operation)}: ${answer.text}`);
        assert.ok(!answer.text.includes(MARK));
      }
    });
  }

  test('what nobody needs a key for shows nothing of anybody', async () => {
    for (const { operation, server } of walked.filter((one) => one.operation.scope === null)) {
      const response = await fetch(server + pathOf(operation, owned).path, { method: operation.method });
      const text = await response.text();
      assert.ok(!text.includes(MARK) && !text.includes(orgId), operation.path);
    }
  });

  // Last, for it uses up what the owner has.
  test('the refusals were for who asked: the owner is not refused for what it sends', async () => {
    const operations = asked().filter(({ operation }) => operation.scope !== 'operate');
    const ordered = Map.groupBy(operations, ({ operation }) => {
      if (operation.method === 'get') return 'reads';
      const isLast = /^delete|(stop|archive|archived|expire|deactivate|dead-letters.redrive)$/.test(nameOf(operation));
      return isLast ? 'ends' : 'changes';
    });
    const refused: string[] = [];
    for (const one of (['reads', 'changes', 'ends'] as const).flatMap((part) => ordered.get(part) ?? [])) {
      const ifMatch = one.operation.path.startsWith('/ajo/content/') ? await etagOf(one) : null;
      const answer = await ask(callers.owner, one, ifMatch ? { 'if-match': ifMatch } : {});
      // 409: it was seen, and is in no state for this any more.
      const taken = answer.status < 400 || answer.status === 409;
      if (!taken) refused.push(`${nameOf(one.operation)}: ${answer.status} ${answer.text}`);
    }
    assert.deepEqual(refused, []);
  });
});

async function etagOf({ operation, server }: Walked): Promise<string | null> {
  const path = pathOf(operation, owned).path.replace(/\/archived$/, '');
  return operation.path.includes('{') ? (await call(callers.owner, 'GET', server + path)).etag : null;
}

/** A key that is new is looked for a few times a second. */
async function known(caller: TestCaller): Promise<void> {
  const backlog = walked.find(({ operation }) => operation.path.endsWith('/backlog'))!;
  await waitFor('the key to be known', async () => ((await ask(caller, backlog)).status === 401 ? undefined : true));
}
