import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CampaignDefinition, campaignDefinition } from '@outrigger/contracts';
import type { AudienceStanding, ChannelConfiguration } from '@outrigger/store';
import { validateDraft } from './validate.ts';

const SURFACE = '01a1fdcc-4a53-7622-b108-9bc478b650dd';
const NOW = Date.parse('2026-11-21T12:00:00Z');

const configuration: ChannelConfiguration = {
  configurationId: SURFACE,
  tenantId: 1,
  name: 'mail',
  description: '',
  highThroughput: false,
  revision: 1,
  updateStatus: null,
  updateSettings: null,
  problems: [],
  createdBy: 'key',
  modifiedBy: 'key',
  channel: 'email',
  category: 'Transactional',
  status: 'Active',
  settings: { from_email: 'shop@example.com' },
  createdAt: new Date(NOW),
  modifiedAt: new Date(NOW),
};

function draft(change: Record<string, unknown> = {}, content: Record<string, unknown> = {}): CampaignDefinition {
  return campaignDefinition.parse({
    name: 'order',
    category: 'Transactional',
    identityNamespace: 'email',
    packages: [
      {
        channel: 'EMAIL',
        attributes: { surface: { surfaceId: SURFACE } },
        content: { subject: 'Order {{ context.number }}', html: { body: '<p>{{ profile.name }}</p>' }, ...content },
      },
    ],
    ...change,
  });
}

async function codesOf(definition: CampaignDefinition, surface: ChannelConfiguration | 'none' = configuration) {
  const { findings } = await validateDraft(
    definition,
    { configuration: surface === 'none' ? undefined : surface },
    NOW,
  );
  return findings.filter((finding) => finding.level === 'ERROR').map((finding) => finding.code);
}

test('a complete draft has no errors, and its text part follows the HTML', async () => {
  const { findings, compiled } = await validateDraft(draft(), { configuration }, NOW);
  assert.deepEqual(findings, []);
  assert.deepEqual(Object.keys(compiled!.parts).toSorted(), ['html', 'subject', 'text']);
  assert.deepEqual(compiled!.variables, ['context.number', 'profile.name']);
});

test('everything that is missing or wrong is named at once', async () => {
  const { identityNamespace: _left, ...incomplete } = draft({}, { subject: '', html: undefined });
  assert.deepEqual(await codesOf(incomplete as CampaignDefinition, 'none'), [
    'campaign.namespace_missing',
    'surface.missing',
    'content.subject_missing',
    'content.body_missing',
  ]);
});

test('a draft without an action cannot be activated', async () => {
  assert.deepEqual(await codesOf(draft({ packages: [] })), ['package.missing']);
});

test('the channel configuration must be active, of the same channel and of the same category', async () => {
  const wrong = { ...configuration, channel: 'sms', category: 'Marketing', status: 'Deactivated' } as const;
  assert.deepEqual(await codesOf(draft(), wrong), ['surface.channel', 'surface.status', 'surface.category']);
});

test('dates that make no sense are refused', async () => {
  const schedule = (start: string, end: string) => ({
    schedule: { startDate: start, startDateEnabled: true, endDate: end, endDateEnabled: true },
  });
  assert.deepEqual(await codesOf(draft(schedule('2026-12-02T00:00:00Z', '2026-12-01T00:00:00Z'))), [
    'schedule.end_before_start',
  ]);
  assert.deepEqual(await codesOf(draft(schedule('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'))), [
    'schedule.end_past',
  ]);
  assert.deepEqual(await codesOf(draft({ schedule: { endDateEnabled: true } })), ['schedule.end_missing']);
});

const HT = { ...configuration, highThroughput: true };
const forContext = (change: Record<string, unknown> = {}) =>
  draft({ highThroughputMode: true, ...change }, { html: { body: '<p>{{ context.name }}</p>' } });

test('high throughput reads no profiles, neither in the content nor in the sender (F047)', async () => {
  assert.deepEqual(await codesOf(forContext(), HT), []);
  assert.deepEqual(await codesOf(draft({ highThroughputMode: true }), HT), ['content.profile_variable']);
  for (const body of [
    '{{ profile | json }}',
    '{% for x in profile.list %}a{% endfor %}',
    '{% assign p = profile %}{{ p.x }}',
  ]) {
    const found = await codesOf(draft({ highThroughputMode: true }, { html: { body } }), HT);
    assert.ok(found.includes('content.profile_variable'), body);
  }
  const personalised = { ...HT, settings: { ...HT.settings, from_name: '{{ profile.shop }}' } };
  assert.deepEqual(await codesOf(forContext(), personalised), ['content.profile_variable', 'surface.ht_personalised']);
});

test('high throughput creates no profiles and needs a configuration of its own; a standard campaign may not have that one (F050)', async () => {
  assert.deepEqual(await codesOf(forContext({ createNewProfile: true }), HT), ['campaign.ht_create_profile']);
  assert.deepEqual(await codesOf(forContext(), configuration), ['surface.ht']);
  assert.deepEqual(await codesOf(draft(), HT), ['surface.ht']);
  assert.deepEqual(await codesOf(forContext({ category: 'Marketing', audience: { audienceId: SURFACE } }), HT), [
    'campaign.ht_category',
    'surface.category',
  ]);
});

test('high throughput has no SMS (F047)', async () => {
  const sms = campaignDefinition.parse({
    name: 'code',
    category: 'Transactional',
    highThroughputMode: true,
    identityNamespace: 'phone',
    packages: [{ channel: 'SMS', attributes: { surface: { surfaceId: SURFACE } }, content: { text: 'Hello' } }],
  });
  assert.deepEqual(await codesOf(sms, { ...HT, channel: 'sms' }), ['package.ht_channel']);
});

test('a marketing campaign needs an audience that is there; a transactional one ignores it (F007)', async () => {
  const marketing = { ...configuration, category: 'Marketing' } as const;
  assert.deepEqual(await codesOf(draft({ category: 'Marketing' }), marketing), ['campaign.audience_missing']);
  const named = draft({ category: 'Marketing', audience: { audienceId: SURFACE } });
  const standing = async (audience: AudienceStanding) => {
    const found = (await validateDraft(named, { configuration: marketing, audience }, NOW)).findings;
    return found.filter(({ source }) => source === 'CAMPAIGN').map(({ level, code }) => `${level} ${code}`);
  };
  assert.deepEqual(await standing('unknown'), ['ERROR campaign.audience_unknown']);
  assert.deepEqual(await standing('empty'), ['WARNING campaign.audience_empty']);
  assert.deepEqual(await standing('there'), []);
  const { findings } = await validateDraft(draft({ audience: { audienceId: SURFACE } }), { configuration }, NOW);
  assert.deepEqual(
    findings.map(({ level, code }) => [level, code]),
    [['WARNING', 'campaign.audience_ignored']],
  );
});

test('a marketing email without a link to opt out, and a link that leads nowhere, are warnings (F011)', async () => {
  const marketing = { ...configuration, category: 'Marketing' } as const;
  const codes = async (body: string) => {
    const definition = draft({ category: 'Marketing', audience: { audienceId: SURFACE } }, { html: { body } });
    const { findings } = await validateDraft(definition, { configuration: marketing }, NOW);
    return findings.map(({ level, code }) => `${level} ${code}`);
  };
  assert.deepEqual(await codes('<a href="https://x.example/news">News</a>'), ['WARNING content.opt_out_missing']);
  assert.deepEqual(await codes('<a href="https://x.example/unsubscribe?u={{ context.u }}">No more</a>'), []);
  assert.deepEqual(await codes('<a href="">News</a><a href="https://x.example/opt-out">No more</a>'), [
    'WARNING content.link_empty',
  ]);
});

test('unknown filters, unknown tags, unknown names and syntax are found with their line (F011)', async () => {
  const about = async (body: string) => {
    const { findings } = await validateDraft(draft({}, { html: { body } }), { configuration }, NOW);
    return findings.map(({ level, code, message }) => `${level} ${code} ${message}`).join('\n');
  };
  assert.match(await about('<p>\n{{ context.a | sparkle }}</p>'), /^ERROR TPL-0002 html \(line 2\): .*"sparkle"/);
  assert.match(await about('<p>{% include "x" %}</p>'), /^ERROR TPL-0002 html \(line 1\): .*"include"/);
  assert.match(await about('<p>{{ customer.name }}</p>'), /^WARNING TPL-0001 .*"customer"/);
  assert.match(await about('<p>{{ context.a | currency: "EURO" }}</p>'), /^ERROR TPL-0001 /);
});

test('what the system writes itself cannot be a custom header (F057)', async () => {
  assert.deepEqual(await codesOf(draft({}, { headers: { 'X-Order': '{{ context.number }}' } })), []);
  assert.deepEqual(await codesOf(draft({}, { headers: { Bcc: 'a@b.example', 'X-A': '1', 'x-a': '2' } })), [
    'content.header_reserved',
    'content.header_twice',
  ]);
});

test('the parts of a text message are information (F062)', async () => {
  const about = async (text: string) => {
    const definition = campaignDefinition.parse({
      name: 'code',
      category: 'Transactional',
      identityNamespace: 'phone',
      packages: [{ channel: 'SMS', attributes: { surface: { surfaceId: SURFACE } }, content: { text } }],
    });
    const { findings } = await validateDraft(definition, { configuration: { ...configuration, channel: 'sms' } }, NOW);
    return findings.map(({ level, message }) => `${level} ${message}`);
  };
  assert.match((await about('a'.repeat(161)))[0]!, /^INFO 2 part/);
  assert.match((await about(`${'a'.repeat(70)}\u{1f600}`))[0]!, /^INFO 2 part.*UCS-2/);
  assert.throws(() => draft({ packages: [{ channel: 'SMS', content: { text: 'a'.repeat(1_501) } }] }));
});

test('a live campaign cannot be made to start later', async () => {
  const later = draft({ schedule: { startDate: '2026-12-01T00:00:00Z', startDateEnabled: true } });
  assert.deepEqual(await codesOf(later), []);
  const { findings } = await validateDraft(later, { configuration, status: 'LIVE' }, NOW);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['schedule.start_ahead'],
  );
});

test('a template that does not parse is an error that names its part', async () => {
  const { findings, compiled } = await validateDraft(
    draft({}, { html: { body: '<p>{% if %}</p>' } }),
    { configuration },
    NOW,
  );
  assert.equal(compiled, undefined);
  assert.match(findings[0]!.message, /^html/);
  assert.equal(findings[0]!.code, 'TPL-0001');
});

test('an empty text version only warns', async () => {
  const { findings, compiled } = await validateDraft(
    draft({}, { text: { body: '', syncFromHtml: false } }),
    { configuration },
    NOW,
  );
  assert.deepEqual(
    findings.map((finding) => [finding.level, finding.code]),
    [['WARNING', 'content.text_missing']],
  );
  assert.equal(compiled!.parts.text, undefined);
});
