import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refreshStaleCampaigns } from '@outrigger/authoring';
import { readVersion } from '@outrigger/store';
import {
  type Body,
  codeOf,
  createCampaign,
  createSurface,
  EMAIL_SURFACE,
  emailDefinition,
  startControl,
} from './control.ts';

const control = await startControl();
let made = 0;
const surface = (change: Body = {}) => ({ ...EMAIL_SURFACE, name: `config-${++made}`, ...change });
const path = (id: string, action = '') => `/metadata/surfaces/email/${id}${action}`;

async function draft(settings: Body): Promise<string> {
  const { body } = await control.call('POST', '/metadata/surfaces', surface({ draft: true, settings }));
  assert.equal(body.status, 'Draft', JSON.stringify(body));
  return String(body.surfaceId);
}

test('a configuration goes from draft to active; one that fails its checks says why, and can be corrected (F052)', async () => {
  const id = await draft({});
  const failed = await control.call('POST', path(id, '/submit'));
  assert.equal(failed.body.status, 'Failed');
  assert.match(JSON.stringify(failed.body.problems), /settings\.from_email/);
  const campaign = await createCampaign(control, emailDefinition(id), false);
  assert.match(
    String((await control.call('POST', `/campaigns/${campaign}/publish`)).body.title),
    /is Failed; it must be Active/,
  );
  const edited = await control.call('PUT', path(id), { settings: { from_email: 'shop@shop.example' } });
  assert.deepEqual([edited.body.status, edited.body.problems], ['Draft', []]);
  assert.equal((await control.call('POST', path(id, '/submit'))).body.status, 'Active');
  assert.equal((await control.call('POST', `/campaigns/${campaign}/publish`)).status, 200);
  assert.equal(codeOf(await control.call('POST', path(id, '/submit'))), 'SRF-000002');
});

test('every check of a submission', async () => {
  const cases: [Body, RegExp][] = [
    [{ from_email: 'nobody' }, /settings\.from_email/],
    [{ from_email: 'a@b.example', reply_to_email: 'x y@z' }, /settings\.reply_to_email/],
    [{ from_email: 'a@b.example', from_name: '{{ context.a | sparkle }}' }, /settings\.from_name: .*sparkle/],
    [{ from_email: '{% if %}' }, /settings\.from_email/],
    [{ from_email: 'a@b.example', retry_period_minutes: 5 }, /retry_period_minutes/],
  ];
  for (const [settings, expected] of cases) {
    const refused = await control.call('POST', '/metadata/surfaces', surface({ settings }));
    assert.equal(refused.status, 400, JSON.stringify(settings));
    assert.match(JSON.stringify(refused.body), expected);
  }
  const marketing = surface({
    category: 'Marketing',
    settings: { from_email: 'a@b.example', retry_period_minutes: 60 },
  });
  assert.equal(codeOf(await control.call('POST', '/metadata/surfaces', marketing)), 'SRF-000004');
  const sms = {
    channel: 'SMS',
    name: 'sms',
    category: 'Transactional',
    settings: { sender: 'A NAME THAT IS TOO LONG'.slice(0, 20) },
  };
  assert.equal(codeOf(await control.call('POST', '/metadata/surfaces', sms)), 'SRF-000004');
  for (const name of ['1st', 'a b', 'a/b', '']) {
    assert.equal((await control.call('POST', '/metadata/surfaces', surface({ name }))).status, 400, name);
  }
});

test('an update is taken up by live campaigns, and a failed one leaves the old settings serving (F052, F053)', async () => {
  const id = await createSurface(control);
  const campaignId = await createCampaign(control, emailDefinition(id));
  const live = async () =>
    (await readVersion(
      control.pool,
      String((await control.call('GET', `/campaigns/${campaignId}`)).body.liveVersionId),
    ))!;
  const before = await live();
  const failed = await control.call('PUT', path(id), { settings: { from_email: 'nobody' } });
  assert.deepEqual([failed.body.status, (failed.body.update as Body).status], ['Active', 'Failed']);
  assert.deepEqual(failed.body.settings, EMAIL_SURFACE.settings);
  assert.equal(await refreshStaleCampaigns(control.pool, 10), 0);
  const settings = { from_email: 'shop@shop.example', delivery_address_field: 'work.email' };
  const updated = await control.call('PUT', path(id), { settings });
  assert.deepEqual([(updated.body.update as Body).status, updated.body.revision], ['Success', 2]);
  assert.equal(await refreshStaleCampaigns(control.pool, 10), 1);
  const after = await live();
  assert.deepEqual([after.settings, after.cause, after.number], [settings, 'configuration', before.number + 1]);
  assert.deepEqual((await readVersion(control.pool, before.versionId))!.settings, EMAIL_SURFACE.settings);
});

test('a configuration in use is not deactivated; a deactivated one is duplicated or activated again, and nothing else (F052)', async () => {
  const id = await createSurface(control);
  const campaignId = await createCampaign(control, emailDefinition(id));
  const inUse = await control.call('POST', path(id, '/deactivate'));
  assert.equal(codeOf(inUse), 'SRF-000003');
  assert.match(JSON.stringify(inUse.body), new RegExp(campaignId));
  await control.call('POST', `/campaigns/${campaignId}/stop`);
  assert.equal((await control.call('POST', path(id, '/deactivate'))).body.status, 'Deactivated');
  assert.equal(codeOf(await control.call('PUT', path(id), { description: 'x' })), 'SRF-000002');
  const later = await createCampaign(control, emailDefinition(id), false);
  assert.equal(codeOf(await control.call('POST', `/campaigns/${later}/publish`)), 'CMP-000003');
  const copy = await control.call('POST', path(id, '/duplicate'), { name: 'a-copy' });
  assert.deepEqual([copy.status, copy.body.status, copy.body.settings], [201, 'Draft', EMAIL_SURFACE.settings]);
  assert.equal(codeOf(await control.call('POST', path(id, '/duplicate'), { name: 'a-copy' })), 'CMP-000005');
  assert.equal((await control.call('POST', path(id, '/reactivate'))).body.status, 'Active');
  assert.equal((await control.call('POST', `/campaigns/${later}/publish`)).status, 200);
});

test('an activation and a deactivation at the same time never leave a live campaign without a configuration', async () => {
  for (let round = 0; round < 10; round += 1) {
    const id = await createSurface(control);
    const campaignId = await createCampaign(control, emailDefinition(id), false);
    const [published, deactivated] = await Promise.all([
      control.call('POST', `/campaigns/${campaignId}/publish`),
      control.call('POST', path(id, '/deactivate')),
    ]);
    assert.ok(published.status === 200 ? deactivated.status === 409 : deactivated.status === 200, `round ${round}`);
  }
});

test('what is read-only while active, and what changes at once', async () => {
  const id = await createSurface(control);
  assert.equal(codeOf(await control.call('PUT', path(id), { name: 'another' })), 'SRF-000002');
  assert.equal(codeOf(await control.call('PUT', path(id), { highThroughputMode: true })), 'SRF-000002');
  const described = await control.call('PUT', path(id), { description: 'shop mail', category: 'Marketing' });
  assert.deepEqual([described.body.description, described.body.category], ['shop mail', 'Marketing']);
  await control.call('PUT', path(id), { category: 'Transactional' });
  await createCampaign(control, emailDefinition(id));
  assert.equal(codeOf(await control.call('PUT', path(id), { category: 'Marketing' })), 'SRF-000003');
  const push = {
    channel: 'PUSH',
    name: 'app',
    category: 'Transactional',
    settings: { app_id: 'a', platforms: ['fcm'] },
  };
  const app = String((await control.call('POST', '/metadata/surfaces', push)).body.surfaceId);
  const change = { settings: { app_id: 'b', platforms: ['fcm'] } };
  assert.equal(codeOf(await control.call('PUT', `/metadata/surfaces/push/${app}`, change)), 'SRF-000002');
});

test('a configuration of the other category, or of the other mode, blocks activation (F005, F050)', async () => {
  const marketing = await createSurface(control, { category: 'Marketing' });
  const ht = await createSurface(control, { highThroughputMode: true });
  for (const [definition, expected] of [
    [emailDefinition(marketing), 'surface.category'],
    [emailDefinition(ht), 'surface.ht'],
    [emailDefinition(await createSurface(control), { highThroughputMode: true }), 'surface.ht'],
  ] as const) {
    const campaignId = await createCampaign(control, definition, false);
    const refused = await control.call('POST', `/campaigns/${campaignId}/publish`);
    const { additionalContext } = refused.body.report as { additionalContext: Body };
    assert.deepEqual(Object.keys(additionalContext), [expected]);
  }
  await createCampaign(control, emailDefinition(ht, { highThroughputMode: true }));
});
