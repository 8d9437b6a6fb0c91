import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Body, codeOf, startControl } from './control.ts';

const control = await startControl();
const PATH = '/ajo/content/templates';
const template = (change: Body = {}) => ({
  name: 'newsletter',
  templateType: 'html',
  channels: ['email'],
  template: { html: '<p>Hello</p>' },
  ...change,
});

async function create(change: Body = {}): Promise<{ id: string; etag: string }> {
  const { status, body, headers } = await control.call('POST', PATH, template(change));
  assert.equal(status, 201, JSON.stringify(body));
  return { id: String(body.id), etag: headers.get('etag')! };
}

test('a template is created, read, replaced, patched and deleted; a stale ETag gives 409, none gives 428 (F101)', async () => {
  const { id, etag } = await create();
  const path = `${PATH}/${id}`;
  const read = await control.call('GET', path);
  assert.equal(read.headers.get('etag'), etag);
  assert.deepEqual(read.body.template, { html: '<p>Hello</p>' });
  assert.equal(codeOf(await control.call('PUT', path, template({ name: 'b' }))), 'CNT-000003');
  const replaced = await control.call('PUT', path, template({ name: 'b' }), { 'if-match': etag });
  assert.equal(replaced.body.name, 'b');
  const stale = await control.call('PUT', path, template({ name: 'c' }), { 'if-match': etag });
  assert.equal(stale.status, 409);
  assert.equal(codeOf(stale), 'CNT-000002');
  const patch = [
    { op: 'replace', path: '/name', value: 'c' },
    { op: 'add', path: '/parentFolderId', value: 'folder-1' },
  ];
  const present = { 'if-match': replaced.headers.get('etag')! };
  const patched = await control.call('PATCH', path, patch, present);
  assert.deepEqual([patched.body.name, patched.body.parentFolderId], ['c', 'folder-1']);
  assert.equal((await control.call('PATCH', path, patch, present)).status, 409);
  const forbidden = [{ op: 'replace', path: '/template', value: 'x' }];
  const refused = await control.call('PATCH', path, forbidden, { 'if-match': patched.headers.get('etag')! });
  assert.equal(refused.status, 400);
  assert.equal((await control.call('DELETE', path)).status, 204);
  assert.equal(codeOf(await control.call('GET', path)), 'CNT-000001');
});

test('of two who change a template at once, one is told (F101)', async () => {
  const { id, etag } = await create();
  const answers = await Promise.all(
    ['x', 'y'].map((name) => control.call('PUT', `${PATH}/${id}`, template({ name }), { 'if-match': etag })),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
});

test('a list has pages, an order and filters, and its cursor walks over every template once (F101)', async () => {
  const names = ['p-b', 'p-a', 'p-c', 'p-d', 'p-e'];
  for (const name of names)
    await create({ name, channels: ['sms'], templateType: 'content', template: { text: name } });
  const walked: string[] = [];
  let start = '';
  do {
    const query = `?orderBy=name&limit=2&property=channel==sms${start && `&start=${start}`}`;
    const { body } = await control.call('GET', `${PATH}${query}`);
    walked.push(...(body.items as Body[]).map((one) => String(one.name)));
    start = String((body._page as Body).next ?? '');
  } while (start !== '');
  assert.deepEqual(walked, names.toSorted());
  const newest = await control.call('GET', `${PATH}?limit=1&property=name=like=p-`);
  assert.equal((newest.body.items as Body[])[0]!.name, 'p-e', 'the newest comes first unless asked otherwise');
  for (const query of [
    'limit=0',
    'limit=1001',
    'orderBy=size',
    'start=nonsense',
    'property=size==1',
    'property=name',
  ]) {
    const { status, body } = await control.call('GET', `${PATH}?${query}`);
    assert.equal(status, 400, `${query}: ${JSON.stringify(body)}`);
  }
});

test('a template is for one channel, and has no member of another kind', async () => {
  for (const change of [
    { channels: ['email', 'sms'] },
    { channels: ['fax'] },
    { templateType: 'poster' },
    { size: 1 },
  ]) {
    assert.equal((await control.call('POST', PATH, template(change))).status, 400);
  }
});

test('a key that may only read cannot write', async () => {
  const reader = await control.as(['read']);
  assert.equal(codeOf(await reader.call('POST', PATH, template())), 'MSG-000403');
  assert.equal((await reader.call('GET', PATH)).status, 200);
});
