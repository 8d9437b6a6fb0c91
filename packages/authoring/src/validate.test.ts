import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CampaignDefinition, campaignDefinition } from '@outrigger/contracts';
import type { ChannelConfiguration } from '@outrigger/store';
import { validateDraft } from './validate.ts';

const SURFACE = '01a1fdcc-4a53-7622-b108-9bc478b650dd';
const NOW = Date.parse('2026-11-21T12:00:00Z');

const configuration: ChannelConfiguration = {
  configurationId: SURFACE,
  tenantId: 1,
  name: 'mail',
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
  const { findings } = await validateDraft(definition, surface === 'none' ? undefined : surface, NOW);
  return findings.filter((finding) => finding.level === 'ERROR').map((finding) => finding.code);
}

test('a complete draft has no errors, and its text part follows the HTML', async () => {
  const { findings, compiled } = await validateDraft(draft(), configuration, NOW);
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

test('high throughput reads no profiles', async () => {
  assert.deepEqual(await codesOf(draft({ highThroughputMode: true })), ['content.profile_variable']);
  assert.deepEqual(
    await codesOf(draft({ highThroughputMode: true }, { html: { body: '<p>{{ context.name }}</p>' } })),
    [],
  );
});

test('a template that does not parse is an error that names its part', async () => {
  const { findings, compiled } = await validateDraft(
    draft({}, { html: { body: '<p>{% if %}</p>' } }),
    configuration,
    NOW,
  );
  assert.equal(compiled, undefined);
  assert.match(findings[0]!.message, /^html/);
  assert.equal(findings[0]!.code, 'TPL-0001');
});

test('an empty text version only warns', async () => {
  const { findings, compiled } = await validateDraft(
    draft({}, { text: { body: '', syncFromHtml: false } }),
    configuration,
    NOW,
  );
  assert.deepEqual(
    findings.map((finding) => [finding.level, finding.code]),
    [['WARNING', 'content.text_missing']],
  );
  assert.equal(compiled!.parts.text, undefined);
});
