import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVersion } from '@outrigger/store';
import { type Body, codeOf, createCampaign, createSurface, emailDefinition, startControl } from './control.ts';

const control = await startControl();
const surfaceId = await createSurface(control);
const read = async (id: string) => (await control.call('GET', `/campaigns/${id}`)).body;
const action = async (id: string, name: string) =>
  ((await read(id)).actions as { actionType: string; available: boolean }[]).find((one) => one.actionType === name)!
    .available;
const namesOf = (body: Body) => (body.data as Body[]).map(({ name }) => name);

test('a campaign of each category is created as a draft, and its category and mode never change (F001)', async () => {
  for (const category of ['Marketing', 'Transactional']) {
    const { status, body } = await control.call('POST', '/campaigns', { name: 'one', category });
    assert.deepEqual([status, body.status, body.campaignType, body.category], [201, 'DRAFT', 'ApiTriggered', category]);
    const other = category === 'Marketing' ? 'Transactional' : 'Marketing';
    const changed = await control.call('PUT', `/campaigns/${body.campaignId}`, { name: 'one', category: other });
    assert.equal(codeOf(changed), 'CMP-000001');
  }
});

test('name and description are edited, and the list finds the new name (F002)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, { name: 'before' }), false);
  await control.call('PUT', `/campaigns/${id}`, emailDefinition(surfaceId, { name: 'after-F002', description: 'why' }));
  assert.deepEqual([(await read(id)).name, (await read(id)).description], ['after-F002', 'why']);
  assert.deepEqual(namesOf((await control.call('GET', '/campaigns?property=name=like="er-F002"')).body), [
    'after-F002',
  ]);
  assert.deepEqual(namesOf((await control.call('GET', '/campaigns?name=er-f002')).body), ['after-F002']);
});

test('a live campaign is tagged without a new version, and found by its tag (F003)', async () => {
  const labels = [{ labelId: 'C1', labelName: 'Contract' }];
  const id = await createCampaign(control, emailDefinition(surfaceId, { tags: ['a'], labelObjects: labels }));
  const before = await read(id);
  const tagged = await control.call('PUT', `/campaigns/${id}/tags`, { tags: ['summer', 'shop'] });
  assert.deepEqual(tagged.body.tags, ['summer', 'shop']);
  assert.equal(tagged.body.liveVersionId, before.liveVersionId);
  assert.deepEqual((await read(id)).labelObjects, labels);
  const { body } = await control.call('GET', '/campaigns?property=tags==summer');
  assert.deepEqual(
    (body.data as Body[]).map(({ campaignId }) => campaignId),
    [id],
  );
});

test('a second channel action is refused, and a draft without one cannot be activated (F004)', async () => {
  const definition = emailDefinition(surfaceId);
  const two = { ...definition, packages: [...(definition.packages as Body[]), ...(definition.packages as Body[])] };
  assert.equal(codeOf(await control.call('POST', '/campaigns', two)), 'CMP-000001');
  const id = await createCampaign(control, { ...definition, packages: [] }, false);
  assert.match(String((await control.call('POST', `/campaigns/${id}/publish`)).body.title), /no channel action/);
});

test('activation without an identity namespace fails (F006)', async () => {
  const id = await createCampaign(control, { ...emailDefinition(surfaceId), identityNamespace: undefined }, false);
  const refused = await control.call('POST', `/campaigns/${id}/publish`);
  assert.deepEqual(Object.keys((refused.body.report as { additionalContext: Body }).additionalContext), [
    'campaign.namespace_missing',
  ]);
});

test('the validation report groups findings by what they concern, and has pages (F011)', async () => {
  const broken = {
    ...emailDefinition(surfaceId, {}, { subject: '', text: { syncFromHtml: false } }),
    identityNamespace: undefined,
  };
  const id = await createCampaign(control, broken, false);
  const report = (await control.call('GET', `/campaigns/${id}/publish/validation`)).body;
  assert.equal(report.errorLevel, 'ERROR');
  assert.match(String(report.errorMessage), /identityNamespace/);
  const results = report.results as { id: string; errorSource: string; notifications: Body[] }[];
  assert.deepEqual(
    results.map(({ errorSource, notifications }) => [errorSource, notifications.map((one) => one.errorCode)]),
    [
      ['CAMPAIGN', ['campaign.namespace_missing']],
      ['MESSAGE', ['content.subject_missing', 'content.text_missing']],
    ],
  );
  const [{ packageId }] = (await read(id)).packages as [{ packageId: string }];
  assert.deepEqual(
    results.map((one) => one.id),
    [id, packageId],
  );
  const second = (await control.call('GET', `/campaigns/${id}/publish/validation?count=1&page=2`)).body;
  assert.deepEqual(
    (second.results as Body[]).map((one) => one.errorSource),
    ['MESSAGE'],
  );
  assert.equal((second._page as Body).totalCount, 2);
  const fine = await createCampaign(control, emailDefinition(surfaceId, {}, { text: { syncFromHtml: false } }), false);
  const warned = (await control.call('GET', `/campaigns/${fine}/publish/validation`)).body;
  assert.equal(warned.errorLevel, 'WARNING');
  assert.equal((await control.call('POST', `/campaigns/${fine}/publish`)).status, 200);
});

test('editing a live campaign makes a draft beside it; activating that replaces the version, discarding it does not (F015)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, { name: 'first' }));
  const before = await read(id);
  assert.equal(before.hasDraft, false);
  assert.equal(((before.packages as Body[])[0]!.content as Body).subject, 'Order {{ context.number }}');
  const edited = await control.call(
    'PUT',
    `/campaigns/${id}`,
    emailDefinition(surfaceId, { name: 'second' }, { subject: 'New' }),
  );
  assert.deepEqual([edited.body.status, edited.body.hasDraft], ['LIVE', true]);
  assert.equal(edited.body.liveVersionId, before.liveVersionId);
  const live = (await readVersion(control.pool, String(before.liveVersionId)))!;
  assert.match(JSON.stringify(live.compiled), /Order/);
  const discarded = await control.call('DELETE', `/campaigns/${id}/draft`);
  assert.deepEqual([discarded.body.hasDraft, discarded.body.name], [false, 'first']);
  const begun = await control.call('POST', `/campaigns/${id}/draft`);
  assert.equal(begun.status, 201);
  assert.equal(codeOf(await control.call('POST', `/campaigns/${id}/draft`)), 'CMP-000002', 'there is one already');
  assert.deepEqual(
    ((begun.body.packages as Body[])[0] as Body).packageId,
    ((before.packages as Body[])[0] as Body).packageId,
    'a package keeps its id',
  );
  const activated = await control.call('POST', `/campaigns/${id}/publish`);
  assert.notEqual(activated.body.liveVersionId, before.liveVersionId);
  assert.equal(activated.body.hasDraft, false);
});

test('the history lists each version that served, newest first, in pages (F016)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, { name: 'v1' }));
  for (const name of ['v2', 'v3']) {
    await control.call('PUT', `/campaigns/${id}`, emailDefinition(surfaceId, { name }));
    await control.call('POST', `/campaigns/${id}/publish`);
  }
  const { body } = await control.call('GET', `/campaigns/${id}/versions?count=2`);
  const versions = body.data as Body[];
  assert.deepEqual(
    versions.map(({ number, live }) => [number, live]),
    [
      [3, true],
      [2, false],
    ],
  );
  assert.deepEqual(
    versions.map(({ definition }) => (definition as Body).name),
    ['v3', 'v2'],
  );
  assert.ok(versions.every(({ activatedAt, cause }) => Date.parse(String(activatedAt)) > 0 && cause === 'activation'));
  assert.deepEqual([(body._page as Body).totalCount, (body._page as Body).next], [3, 2]);
});

test('a copy of a stopped campaign is a new draft with a new id and new package ids (F017)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, { tags: ['a'] }));
  await control.call('POST', `/campaigns/${id}/stop`);
  const original = await read(id);
  const copy = await control.call('POST', `/campaigns/${id}/duplicate`, { name: 'copy' });
  assert.deepEqual([copy.status, copy.body.status, copy.body.name, copy.body.tags], [201, 'DRAFT', 'copy', ['a']]);
  assert.notEqual(copy.body.campaignId, id);
  const [first, second] = [original.packages, copy.body.packages] as [Body[], Body[]];
  assert.notEqual(first[0]!.packageId, second[0]!.packageId);
  assert.deepEqual(first[0]!.content, second[0]!.content);
  assert.equal((await control.call('POST', `/campaigns/${copy.body.campaignId}/publish`)).status, 200);
});

test('an archived campaign leaves the default list, and is found by its status (F018)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, { name: 'old-F018' }));
  assert.equal(codeOf(await control.call('POST', `/campaigns/${id}/archive`)), 'CMP-000002', 'a live one cannot be');
  await control.call('POST', `/campaigns/${id}/stop`);
  assert.equal((await control.call('POST', `/campaigns/${id}/archive`)).body.status, 'ARCHIVED');
  assert.deepEqual(namesOf((await control.call('GET', '/campaigns?name=old-F018')).body), []);
  const found = await control.call('GET', '/campaigns?property=status==ARCHIVED;name=like=old-F018');
  assert.deepEqual(namesOf(found.body), ['old-F018']);
});

test('only a draft that was never live is deleted, and is then unknown (F019)', async () => {
  const draft = await createCampaign(control, emailDefinition(surfaceId), false);
  assert.equal((await control.call('DELETE', `/campaigns/${draft}`)).status, 200);
  assert.equal((await control.call('GET', `/campaigns/${draft}`)).status, 404);
  const live = await createCampaign(control, emailDefinition(surfaceId));
  assert.equal(codeOf(await control.call('DELETE', `/campaigns/${live}`)), 'CMP-000002');
});

test('the default list shows drafts, scheduled and live campaigns only (F020)', async () => {
  const start = { startDate: new Date(Date.now() + 3_600_000).toISOString(), startDateEnabled: true };
  await createCampaign(control, emailDefinition(surfaceId, { name: 'F020 draft' }), false);
  await createCampaign(control, emailDefinition(surfaceId, { name: 'F020 live' }));
  await createCampaign(control, emailDefinition(surfaceId, { name: 'F020 scheduled', schedule: start }));
  const stopped = await createCampaign(control, emailDefinition(surfaceId, { name: 'F020 stopped' }));
  await control.call('POST', `/campaigns/${stopped}/stop`);
  const review = await createCampaign(control, emailDefinition(surfaceId, { name: 'F020 review' }), false);
  await control.call('POST', `/campaigns/${review}/approval/request`);
  const { body } = await control.call('GET', '/campaigns?name=F020&orderby=name');
  assert.deepEqual(namesOf(body), ['F020 draft', 'F020 live', 'F020 scheduled']);
});

test('filters, order, pages and links of the list (F021)', async () => {
  for (const name of ['F021 c', 'F021 a', 'F021 b', 'F021 d', 'F021 e']) {
    await createCampaign(control, emailDefinition(surfaceId, { name }), false);
  }
  const list = async (query: string) => (await control.call('GET', `/campaigns?${query}`)).body;
  const all = await list('property=campaignClass!=inline;name=like="F021"&orderby=-name&count=2&page=2');
  assert.deepEqual(namesOf(all), ['F021 c', 'F021 b']);
  assert.deepEqual(all._page, {
    orderby: '-name',
    count: 2,
    page: 2,
    totalPages: 3,
    totalCount: 5,
    start: 2,
    next: 3,
    previous: 1,
    property: ['campaignClass!=inline;name=like="F021"'],
  });
  const { next } = all._links as { next: { href: string } };
  const followed = await control.call('GET', next.href.replace('/journey/campaigns/service', ''));
  assert.deepEqual(namesOf(followed.body), ['F021 a']);
  const count = async (property: string) =>
    ((await list(`property=${encodeURIComponent(property)}&property=name=like=F021`))._page as Body).totalCount;
  assert.equal(await count('status=in=(DRAFT,LIVE)'), 5);
  assert.equal(await count('status!=DRAFT'), 0);
  assert.equal(await count('channel==EMAIL;category==Transactional;highThroughputMode==false'), 5);
  assert.equal(await count('campaignType==Scheduled'), 0);
  assert.equal(await count('createdAt>2020-01-01'), 5);
  assert.equal(await count('createdAt<2020-01-01T00:00:00Z'), 0);
  assert.equal(await count('name=="F021 a"'), 1);
  assert.equal(await count(`name=like="'; DROP TABLE campaigns; --"`), 0);
  assert.equal(await count('status==FAILED'), 0);
  const brief = (await list('name=F021&count=1&actions=false')).data as Body[];
  assert.equal(brief[0]!.packages, undefined);
  assert.equal(brief[0]!.actions, undefined);
  assert.ok(((await list('name=F021&count=1&full=true')).data as Body[])[0]!.packages);
});

test('a list query that makes no sense is told, and never reaches the ledger', async () => {
  for (const query of [
    'count=0',
    'count=201',
    'page=x',
    'orderby=size',
    'orderby=tags',
    'full=yes',
    'property=size==1',
    'property=status==SLEEPING',
    'property=name',
    'property=name==',
    'property=createdAt>yesterday',
    'property=highThroughputMode==maybe',
    'property=campaignId==1',
    'property=category=like=x;name<b',
    `property=${'name==a;'.repeat(21)}`,
    'property=name==%00',
  ]) {
    const { status, body } = await control.call('GET', `/campaigns?${query}`);
    assert.equal(status, 400, `${query}: ${JSON.stringify(body).slice(0, 200)}`);
  }
});

test('actions say what the caller may do now: a key that only reads may do nothing (F022)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId), false);
  assert.deepEqual(
    [await action(id, 'PUBLISH'), await action(id, 'STOP'), await action(id, 'DELETE')],
    [true, false, true],
  );
  await control.call('POST', `/campaigns/${id}/publish`);
  assert.deepEqual(
    [
      await action(id, 'PUBLISH'),
      await action(id, 'STOP'),
      await action(id, 'DELETE'),
      await action(id, 'CREATE_DRAFT'),
    ],
    [false, true, false, true],
  );
  const viewer = await control.as(['read']);
  const { body } = await viewer.call('GET', `/campaigns/${id}`);
  assert.ok((body.actions as { available: boolean }[]).every(({ available }) => !available));
  assert.equal(codeOf(await viewer.call('POST', `/campaigns/${id}/stop`)), 'MSG-000403');
});

test('the sample call is there while the campaign is live, with every variable of its content (F023)', async () => {
  const body = '<p>{{ profile.person.name.firstName }} {{ context.resetUrl }}</p>';
  const id = await createCampaign(control, emailDefinition(surfaceId, {}, { html: { body } }), false);
  assert.equal(codeOf(await control.call('GET', `/campaigns/${id}/sample`)), 'CMP-000002');
  await control.call('POST', `/campaigns/${id}/publish`);
  const { text } = (await control.call('GET', `/campaigns/${id}/sample`)).body;
  for (const part of ['executions/unitary', id, '"firstName": "<string>"', '"resetUrl": "<string>"']) {
    assert.ok(String(text).includes(part), part);
  }
  assert.deepEqual((await read(id)).attributes, {
    profile: [{ name: 'profile.person.name.firstName', usage: ['content.personalization'] }],
    context: [
      { name: 'context.number', usage: ['content.personalization'] },
      { name: 'context.resetUrl', usage: ['content.personalization'] },
    ],
  });
});

test('a package and its message are read by their id', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId));
  const [{ packageId }] = (await read(id)).packages as [{ packageId: string }];
  const one = (await control.call('GET', `/campaigns/${id}/packages/${packageId}`)).body;
  assert.deepEqual([one.channel, one.status, one.messages], ['EMAIL', 'LIVE', [{ messageId: packageId }]]);
  const message = (await control.call('GET', `/campaigns/${id}/messages/${packageId}`)).body;
  assert.equal((message.content as Body).subject, 'Order {{ context.number }}');
  assert.equal(codeOf(await control.call('GET', `/campaigns/${id}/packages/${id}`)), 'CMP-000006');
});

test('a review is taken back by the key that asked for it alone, and what the reviewer says can be read', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId), false);
  await control.call('POST', `/campaigns/${id}/approval/request`);
  const reviewer = await control.as(['read', 'manage']);
  assert.equal(codeOf(await reviewer.call('POST', `/campaigns/${id}/approval/cancel`)), 'CMP-000002');
  assert.equal(codeOf(await control.call('PUT', `/campaigns/${id}`, emailDefinition(surfaceId))), 'CMP-000002');
  const back = await reviewer.call('POST', `/campaigns/${id}/approval/changes`, { message: 'Shorter, please.' });
  assert.deepEqual([back.body.status, back.body.reviewMessage], ['DRAFT', 'Shorter, please.']);
  await control.call('POST', `/campaigns/${id}/approval/request`);
  assert.equal((await reviewer.call('POST', `/campaigns/${id}/approval/approve`)).body.status, 'LIVE');
});

test('buttons beyond the limits of a platform are refused (F068)', async () => {
  const definition = (content: Body) => ({
    name: 'push',
    category: 'Transactional',
    identityNamespace: 'crm',
    packages: [{ channel: 'PUSH', attributes: { surface: { surfaceId } }, content: { title: 'x', ...content } }],
  });
  const button = { customId: 'a', label: 'Open', type: 'OPENAPP' };
  const ios = (count: number) =>
    definition({ ios: { actions: { category: 'c', buttons: Array(count).fill(button) } } });
  const android = (count: number) =>
    definition({ android: { actions: { buttons: Array(count).fill({ label: 'Open', type: 'OPENAPP' }) } } });
  for (const [body, status] of [
    [ios(4), 201],
    [ios(5), 400],
    [android(3), 201],
    [android(4), 400],
  ] as const) {
    assert.equal((await control.call('POST', '/campaigns', body)).status, status);
  }
});
