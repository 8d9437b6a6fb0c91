import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countAudience,
  ensureTenant,
  findProfile,
  type ImportJob,
  insertAudience,
  insertImport,
  listFailures,
  readImport,
} from '@outrigger/store';
import { openTestLedger } from '@outrigger/testkit';
import { runImport } from '../src/index.ts';

const { pool } = await openTestLedger();
const tenantId = (await ensureTenant(pool, 'imports', 'prod')).tenantId;
const email = (value: string) => ({ namespace: 'email', value });

async function job(change: Partial<ImportJob> = {}): Promise<ImportJob> {
  const wanted = {
    kind: 'profiles',
    format: 'csv',
    mode: 'merge',
    columns: {},
    fileName: '',
    audienceId: null,
  } as const;
  return insertImport(pool, { ...wanted, tenantId, createdBy: 'test', ...change });
}

async function* pieces(content: string | Buffer, size = 64): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function load(content: string | Buffer, change: Partial<ImportJob> = {}) {
  const made = await job(change);
  const refused = await runImport(pool, made, pieces(content));
  return {
    refused,
    job: (await readImport(pool, tenantId, made.importId))!,
    failed: await listFailures(pool, made.importId),
  };
}

const HEAD =
  'email,phone,identity.crmid,attributes.name.first,attributes.points:number,attributes.vip:boolean,consents.marketing.email.val,language,push.fcm.com.shop.app';

test('every kind of column goes where it belongs; empty cells say nothing', async () => {
  const { job: done, failed } = await load(
    `\uFEFF${HEAD}\nAda@shop.example,+46 70 123 45 67,c-1,"Ada, ""the"" first",12.5,true,y,sv,tok-1\nbo@shop.example,,,,,,,,\n`,
  );
  assert.deepEqual(failed, []);
  assert.deepEqual(
    [done.status, done.rowsDone, done.createdCount, done.updatedCount, done.failedCount],
    ['COMPLETE', 2, 2, 0, 0],
  );
  const ada = (await findProfile(pool, tenantId, { namespace: 'phone', value: '+46701234567' }))!;
  assert.deepEqual(ada.attributes, { name: { first: 'Ada, "the" first' }, points: 12.5, vip: true });
  assert.deepEqual([ada.consents, ada.language], [{ marketing: { email: { val: 'y' } } }, 'sv']);
  assert.deepEqual(ada.pushTokens, [{ appID: 'com.shop.app', platform: 'fcm', token: 'tok-1' }]);
  const bo = (await findProfile(pool, tenantId, email('bo@shop.example')))!;
  assert.deepEqual([bo.attributes, bo.consents], [{}, {}]);
});

test('bad rows are listed with line and reason, and cost no other row (H06, H11, H17)', async () => {
  const text = [
    'email,attributes.n:number,consents.marketing.any.val',
    'good@shop.example,1,n',
    'no address,1,',
    'x@shop.example,one,',
    'y@shop.example,1,yes',
    'short@shop.example',
    ',1,y',
    'z@shop.example,"open"quote,',
    'last@shop.example,=HYPERLINK(1),',
    'also@shop.example,2,',
  ].join('\r\n');
  const { job: done, failed } = await load(text);
  assert.deepEqual([done.rowsDone, done.createdCount, done.failedCount], [9, 2, 7]);
  assert.deepEqual(
    failed.map(({ line, code }) => [line, code]),
    [
      [3, 'CSV-000008'],
      [4, 'CSV-000008'],
      [5, 'CSV-000008'],
      [6, 'CSV-000005'],
      [7, 'CSV-000008'],
      [8, 'CSV-000005'],
      [9, 'CSV-000008'],
    ],
  );
  assert.match(failed[2]!.reason, /must be one of y, n/);
  assert.match(failed[4]!.reason, /no cell says who/);
});

test('the same file twice gives the same people (H14), and a file that broke off goes on where it was', async () => {
  const rows = Array.from({ length: 2_500 }, (_, n) => `p${n}@shop.example,${n}`);
  const text = `email,attributes.n:number\n${rows.join('\n')}\n`;
  const made = await job();
  async function* broken() {
    yield Buffer.from(text.slice(0, text.length / 2));
    throw new Error('the caller went away');
  }
  await assert.rejects(runImport(pool, made, broken()), /went away/);
  const half = (await readImport(pool, tenantId, made.importId))!;
  assert.ok(half.rowsDone > 1_000 && half.rowsDone < 2_500);
  assert.equal(half.status, 'PROCESSING');
  assert.equal(await runImport(pool, made, pieces(text, 4_096)), undefined);
  const whole = (await readImport(pool, tenantId, made.importId))!;
  assert.deepEqual(
    [whole.status, whole.rowsDone, whole.createdCount, whole.updatedCount],
    ['COMPLETE', 2_500, 2_500, 0],
  );
  const again = await load(text);
  assert.deepEqual([again.job.createdCount, again.job.updatedCount, again.job.failedCount], [0, 2_500, 0]);
  const late = await runImport(pool, made, pieces(text));
  assert.equal(late?.code, 'CSV-000007');
});

test('NDJSON holds profiles as the API takes them; each bad line is its own', async () => {
  const lines = [
    JSON.stringify({
      identities: [email('n1@shop.example')],
      attributes: { deep: { list: [1] } },
      timeZone: 'Europe/Oslo',
    }),
    '{"identities": [}',
    JSON.stringify({ identities: [email('n2@shop.example')], attributes: { consents: {} } }),
    '{"identities":[{"namespace":"email","value":"n3@shop.example"}],"attributes":{"__proto__":{"x":1}}}',
    JSON.stringify({ identities: [email('n4@shop.example')], timeZone: 'Mars/Olympus' }),
    JSON.stringify({ identities: [email('n5@shop.example')] }),
  ];
  const { job: done, failed } = await load(lines.join('\n'), { format: 'ndjson' });
  assert.deepEqual([done.createdCount, done.failedCount], [2, 4]);
  assert.deepEqual(
    failed.map(({ line }) => line),
    [2, 3, 4, 5],
  );
  assert.deepEqual((await findProfile(pool, tenantId, email('n1@shop.example')))!.attributes, { deep: { list: [1] } });
});

test('files that are none are refused by their content (H02, H03, H05)', async () => {
  const cases: [string | Buffer, string][] = [
    [Buffer.from('504b0304140000', 'hex'), 'CSV-000002'],
    [Buffer.from('1f8b08000000', 'hex'), 'CSV-000002'],
    ['  <!DOCTYPE html><p>', 'CSV-000002'],
    [Buffer.from('email\nb\xf6@shop.example\n', 'latin1'), 'CSV-000003'],
    ['', 'CSV-000001'],
    ['email,shoe size\na@b.example,1', 'CSV-000004'],
    ['attributes.a\n1', 'CSV-000004'],
    ['email,email\na@b.example,a@b.example', 'CSV-000004'],
    ['email,attributes.__proto__.x\na@b.example,1', 'CSV-000004'],
  ];
  for (const [content, code] of cases) {
    const { refused, job: done } = await load(content);
    assert.equal(refused?.code, code, String(content));
    assert.deepEqual([done.status, done.failureCode, done.rowsDone], ['ERROR', code, 0]);
  }
  const mapped = await load('E-Mail,shoe size,x\nmap@shop.example,43,junk\n', {
    columns: { 'E-Mail': 'email', 'shoe size': 'attributes.shoe:number', x: null },
  });
  assert.equal(mapped.refused, undefined);
  assert.deepEqual((await findProfile(pool, tenantId, email('map@shop.example')))!.attributes, { shoe: 43 });
  const utf16 = Buffer.from('\uFEFFemail\nutf16@shop.example\n', 'utf16le');
  assert.equal((await load(utf16)).job.createdCount, 1);
});

test('profiles go into a list as they are loaded, and members are found by their identity', async () => {
  const list = (await insertAudience(pool, tenantId, { name: 'loaded', description: '', rule: null, by: 'test' }))!;
  await load('email\nm1@shop.example\nm2@shop.example\n', { audienceId: list.audienceId });
  assert.equal(await countAudience(pool, tenantId, list), 2);
  const { job: done, failed } = await load('email\nm2@shop.example\ngood@shop.example\nnobody@shop.example\n', {
    kind: 'members',
    audienceId: list.audienceId,
  });
  assert.equal(await countAudience(pool, tenantId, list), 3);
  assert.deepEqual([done.rowsDone, done.failedCount], [3, 1]);
  assert.deepEqual(failed, [{ line: 4, code: 'PRF-000001', reason: 'No profile has one of these identities.' }]);
});
