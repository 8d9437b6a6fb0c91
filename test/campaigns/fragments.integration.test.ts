import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refreshStaleCampaigns } from '@outrigger/authoring';
import { readVersion } from '@outrigger/store';
import { type Body, codeOf, createCampaign, createSurface, emailDefinition, startControl } from './control.ts';

const control = await startControl();
const surfaceId = await createSurface(control);
const BASE = '/ajo/content';

async function createFragment(change: Body = {}): Promise<{ id: string; etag: string }> {
  const fragment = {
    name: 'greeting',
    type: 'expression',
    fragment: { expression: 'Hello {{ context.first }}', parameters: {} },
    ...change,
  };
  const { status, body, headers } = await control.call('POST', `${BASE}/fragments`, fragment);
  assert.equal(status, 201, JSON.stringify(body));
  return { id: String(body.id), etag: headers.get('etag')! };
}
const publish = (fragmentId: string) => control.call('POST', `${BASE}/fragments/publications`, { fragmentId });
const statusOf = async (id: string) =>
  (await control.call('GET', `${BASE}/fragments/${id}/lastPublicationStatus`)).body;

async function rewrite(id: string, expression: string, parameters: Body = {}): Promise<void> {
  const { headers } = await control.call('GET', `${BASE}/fragments/${id}`);
  const changed = { name: 'greeting', type: 'expression', fragment: { expression, parameters } };
  const answer = await control.call('PUT', `${BASE}/fragments/${id}`, changed, { 'if-match': headers.get('etag')! });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

async function liveHtml(campaignId: string): Promise<{ versionId: string; html: string; cause: string }> {
  const { body } = await control.call('GET', `/campaigns/${campaignId}`);
  const version = (await readVersion(control.pool, String(body.liveVersionId)))!;
  const { parts } = version.compiled as { parts: Record<string, { source: string }> };
  return { versionId: version.versionId, html: parts.html!.source, cause: version.cause };
}
const withBody = (body: string) => emailDefinition(surfaceId, {}, { html: { body } });

test('a draft fragment and an unknown one block activation; a published one is compiled in (F100)', async () => {
  const { id } = await createFragment();
  for (const [named, message] of [
    [id, /is a draft. Publish it first/],
    ['01a1fdcc-4a53-7622-b108-9bc478b650dd', /There is no fragment/],
  ] as const) {
    const campaignId = await createCampaign(control, withBody(`<p>\n{% fragment "${named}" %}</p>`), false);
    const refused = await control.call('POST', `/campaigns/${campaignId}/publish`);
    assert.equal(codeOf(refused), 'CMP-000003');
    assert.match(String(refused.body.title), message);
    assert.match(String(refused.body.title), /html \(line 2\)/);
  }
  const published = await publish(id);
  assert.equal(published.status, 202);
  assert.match(published.headers.get('location')!, /lastPublicationStatus$/);
  assert.ok(Number(published.headers.get('retry-after')) > 0);
  const campaignId = await createCampaign(control, withBody(`<p>{% fragment "${id}" %}</p>`));
  assert.match((await liveHtml(campaignId)).html, /<p>Hello \{\{ context.first \}\}<\/p>/);
});

test('publishing a fragment changes live campaigns; the version of before stays as it was (F100)', async () => {
  const { id } = await createFragment();
  await publish(id);
  const campaignId = await createCampaign(control, withBody(`<p>{% fragment "${id}" %}</p>`));
  const before = await liveHtml(campaignId);
  await rewrite(id, 'Good day {{ context.first }}');
  assert.equal(await refreshStaleCampaigns(control.pool, 10), 0, 'what is not published changes nothing');
  assert.equal((await control.call('GET', `${BASE}/fragments/${id}`)).body.status, 'DRAFT');
  const liveFragment = (await control.call('GET', `${BASE}/fragments/${id}/liveFragment`)).body;
  assert.equal((liveFragment.fragment as Body).expression, 'Hello {{ context.first }}');
  await publish(id);
  assert.deepEqual([(await statusOf(id)).status, (await statusOf(id)).pendingCampaigns], ['inProgress', 1]);
  assert.equal(await refreshStaleCampaigns(control.pool, 10), 1);
  const after = await liveHtml(campaignId);
  assert.match(after.html, /Good day/);
  assert.equal(after.cause, 'fragment');
  assert.equal((await statusOf(id)).status, 'complete');
  const old = (await readVersion(control.pool, before.versionId))!;
  assert.match(JSON.stringify(old.compiled), /Hello/);
  assert.equal(await refreshStaleCampaigns(control.pool, 10), 0, 'and then there is nothing left to do');
});

test('a campaign that cannot take a fragment up goes on as it was, and both say why', async () => {
  const { id } = await createFragment({ fragment: { expression: '<b>x</b>', parameters: {} } });
  await publish(id);
  const campaignId = await createCampaign(control, withBody(`<p>{% fragment "${id}" %}</p>`));
  const before = await liveHtml(campaignId);
  await rewrite(id, '<script>x</script>');
  await publish(id);
  await refreshStaleCampaigns(control.pool, 10);
  assert.equal((await liveHtml(campaignId)).versionId, before.versionId);
  const status = await statusOf(id);
  assert.equal(status.status, 'error');
  assert.deepEqual(
    (status.failedCampaigns as Body[]).map((one) => one.campaignId),
    [campaignId],
  );
  assert.match(String((await control.call('GET', `/campaigns/${campaignId}`)).body.refreshFailure), /script/);
  assert.equal(await refreshStaleCampaigns(control.pool, 10), 0, 'it is not tried again and again');
  await rewrite(id, '<i>x</i>');
  await publish(id);
  await refreshStaleCampaigns(control.pool, 10);
  assert.match((await liveHtml(campaignId)).html, /<i>x<\/i>/);
  assert.equal((await control.call('GET', `/campaigns/${campaignId}`)).body.refreshFailure, undefined);
});

test('a fragment may hold fragments, and these hold none (F100)', async () => {
  const inner = await createFragment({ fragment: { expression: 'inner', parameters: {} } });
  await publish(inner.id);
  const outer = await createFragment({ fragment: { expression: `[{% fragment "${inner.id}" %}]`, parameters: {} } });
  assert.equal((await publish(outer.id)).status, 202);
  const third = await createFragment({ fragment: { expression: `({% fragment "${outer.id}" %})`, parameters: {} } });
  const refused = await publish(third.id);
  assert.equal(codeOf(refused), 'CNT-000004');
  assert.match(String(refused.body.title), /nested too deeply/);
  assert.equal((await statusOf(third.id)).status, 'error');
  const campaignId = await createCampaign(control, withBody(`<p>{% fragment "${outer.id}" %}</p>`));
  assert.match((await liveHtml(campaignId)).html, /\[inner\]/);
  await rewrite(inner.id, 'changed');
  await publish(inner.id);
  await refreshStaleCampaigns(control.pool, 10);
  assert.match((await liveHtml(campaignId)).html, /\[changed\]/, 'a nested fragment reaches the campaign too');
});

test('once published, a fragment may read fewer attributes and no others (F100)', async () => {
  const { id } = await createFragment({ fragment: { expression: '{{ context.a }}{{ context.b }}', parameters: {} } });
  await publish(id);
  await rewrite(id, '{{ context.a }}');
  assert.equal((await publish(id)).status, 202);
  await rewrite(id, '{{ context.b }}');
  assert.equal((await publish(id)).status, 202, 'what the first publication read may come back');
  await rewrite(id, '{{ context.c }}');
  const refused = await publish(id);
  assert.equal(codeOf(refused), 'CNT-000004');
  assert.match(String(refused.body.title), /context\.c/);
});

test('parameters have defaults, a call may override them, and nothing leaks into the next call', async () => {
  const { id } = await createFragment({
    fragment: { expression: '{{ title }}!', parameters: { title: 'Dear customer' } },
  });
  await publish(id);
  const body = `<p>{% fragment "${id}", title: context.title %} {% fragment "${id}" %}</p>`;
  const { html } = await liveHtml(await createCampaign(control, withBody(body)));
  assert.match(html, /assign title = context.title %\}\{\{ title \}\}! \{% assign title = "Dear customer"/);
  const wrong = await createCampaign(control, withBody(`<p>{% fragment "${id}", colour: "red" %}</p>`), false);
  const refused = await control.call('POST', `/campaigns/${wrong}/publish`);
  assert.match(String(refused.body.title), /has no parameter "colour"; it has: title/);
});

test('a visual fragment belongs into the HTML of an email, and nowhere else', async () => {
  const visual = await createFragment({ type: 'html', fragment: { content: '<hr>', parameters: {} } });
  await publish(visual.id);
  await createCampaign(control, withBody(`<p>x</p>{% fragment "${visual.id}" %}`));
  const subject = emailDefinition(surfaceId, {}, { subject: `{% fragment "${visual.id}" %}` });
  const refused = await control.call('POST', `/campaigns/${await createCampaign(control, subject, false)}/publish`);
  assert.match(String(refused.body.title), /is a visual one/);
});

test('a message may use thirty fragments, not more', async () => {
  const { id } = await createFragment({ fragment: { expression: 'x', parameters: {} } });
  await publish(id);
  await createCampaign(control, withBody(`<p>${`{% fragment "${id}" %}`.repeat(30)}</p>`));
  const many = await createCampaign(control, withBody(`<p>${`{% fragment "${id}" %}`.repeat(31)}</p>`), false);
  assert.equal(codeOf(await control.call('POST', `/campaigns/${many}/publish`)), 'CMP-000003');
});

test('a fragment in the archive cannot be published, and goes on serving', async () => {
  const { id } = await createFragment();
  await publish(id);
  const { headers } = await control.call('GET', `${BASE}/fragments/${id}`);
  const archive = await control.call(
    'PUT',
    `${BASE}/fragments/${id}/archived`,
    { archived: true },
    {
      'if-match': headers.get('etag')!,
    },
  );
  assert.equal(archive.body.archived, true);
  assert.equal(codeOf(await publish(id)), 'CNT-000004');
  await createCampaign(control, withBody(`<p>{% fragment "${id}" %}</p>`));
  const listed = await control.call('GET', `${BASE}/fragments?property=archived==true`);
  assert.deepEqual(
    (listed.body.items as Body[]).map((one) => one.id),
    [id],
  );
});

test("another tenant's fragment is as unknown as none", async () => {
  const { id } = await createFragment();
  await publish(id);
  await control.pool.query(
    `WITH other AS (INSERT INTO tenants (org_id, sandbox_name) VALUES ('other', 'prod') RETURNING tenant_id)
     UPDATE fragments SET tenant_id = other.tenant_id FROM other WHERE fragment_id = $1`,
    [id],
  );
  assert.equal((await control.call('GET', `${BASE}/fragments/${id}`)).status, 404);
  const campaignId = await createCampaign(control, withBody(`<p>{% fragment "${id}" %}</p>`), false);
  assert.match(String((await control.call('POST', `/campaigns/${campaignId}/publish`)).body.title), /no fragment/);
});
