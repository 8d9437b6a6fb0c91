import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Body, codeOf, createCampaign, createSurface, emailDefinition, startControl } from './control.ts';

const control = await startControl();
const surfaceId = await createSurface(control);

const mail = (subject: string) => ({ subject, html: { body: '<p>Hello</p>' } });
const arm = (name: string, percentage: number, more: Body = {}) => ({ name, percentage, ...more });
function withTreatments(treatments: Body[], change: Body = {}): Body {
  const definition = emailDefinition(surfaceId, change);
  const [action] = definition.packages as [Body];
  return { ...definition, packages: [{ ...action, experiment: { treatments } }] };
}
const THREE = [
  arm('A', 40),
  arm('B', 30, { content: mail('B {{ profile.name }} {{ context.number }}') }),
  arm('C', 20, { content: mail('C') }),
  arm('none', 10, { isHoldout: true }),
];
const treatmentsOf = (body: Body) =>
  ((body.packages as { experiment: { treatments: Body[] } }[])[0]!.experiment.treatments ?? []) as Body[];
const preview = (id: string, previewRequestItems: Body[]) =>
  control.call('POST', `/ajo/simulations/campaigns/${id}/previews`, { previewRequestItems });

test('2 profiles and 3 variants make 6 previews, of the draft and of the live version; a holdout shows nothing (F110)', async () => {
  const id = await createCampaign(control, withTreatments(THREE), false);
  const people = ['Ada', 'Bo'].map((name, n) => ({
    userId: `${name}@shop.example`,
    namespace: 'email',
    profileAttributes: { name },
    contextAttributes: { number: n },
  }));
  const shown = async () => {
    const { status, body } = await preview(id, people);
    assert.equal(status, 200, JSON.stringify(body));
    return (body.previews as Body[]).map(({ profileId, variantId, subject }) => [profileId, variantId, subject]);
  };
  const ids = treatmentsOf((await control.call('GET', `/campaigns/${id}`)).body).map(({ treatmentId }) => treatmentId);
  const expected = [
    ['Ada@shop.example', ids[0], 'Order 0'],
    ['Ada@shop.example', ids[1], 'B Ada 0'],
    ['Ada@shop.example', ids[2], 'C'],
    ['Bo@shop.example', ids[0], 'Order 1'],
    ['Bo@shop.example', ids[1], 'B Bo 1'],
    ['Bo@shop.example', ids[2], 'C'],
  ];
  assert.deepEqual(await shown(), expected);
  assert.equal((await control.call('POST', `/campaigns/${id}/publish`)).status, 200);
  assert.deepEqual(await shown(), expected);
});

test('the sample call brings along what any treatment reads, and each keeps its id over edits', async () => {
  const definition = withTreatments(THREE);
  const id = await createCampaign(control, definition);
  const before = treatmentsOf((await control.call('GET', `/campaigns/${id}`)).body);
  assert.match(
    String((await control.call('GET', `/campaigns/${id}/sample`)).body.text),
    /"name"[\s\S]*"number"|"number"[\s\S]*"name"/,
  );
  const moved = withTreatments([THREE[1]!, THREE[0]!, THREE[2]!, THREE[3]!], { name: definition.name });
  const edited = await control.call('PUT', `/campaigns/${id}`, moved);
  assert.equal(edited.status, 200, JSON.stringify(edited.body));
  const idOf = (treatments: Body[], name: string) => treatments.find((one) => one.name === name)!.treatmentId;
  const after = treatmentsOf(edited.body);
  for (const name of ['A', 'B', 'C', 'none']) assert.equal(idOf(after, name), idOf(before, name));
  const { body: copy } = await control.call('POST', `/campaigns/${id}/duplicate`, { name: 'copy' });
  assert.notEqual(idOf(treatmentsOf(copy), 'A'), idOf(before, 'A'));
});

test('what cannot be a fair experiment blocks activation, and says which treatment is wrong (F114)', async () => {
  const codes = async (treatments: Body[], change: Body = {}) => {
    const id = await createCampaign(control, withTreatments(treatments, change), false);
    const { body } = await control.call('GET', `/campaigns/${id}/publish/validation`);
    return (body.results as { notifications: { errorCode: string; errorLevel: string; message: string }[] }[])
      .flatMap(({ notifications }) => notifications)
      .filter(({ errorLevel }) => errorLevel === 'ERROR')
      .map(({ errorCode, message }) => `${errorCode} ${message}`);
  };
  const first = async (...treatments: Body[]) => (await codes(treatments)).map((one) => one.split(' ')[0]);
  assert.deepEqual(await first(arm('A', 50), arm('B', 49)), ['experiment.percentages']);
  assert.deepEqual(await first(arm('A', 33.3), arm('B', 33.3), arm('C', 33.4)), []);
  assert.deepEqual(await first(arm('A', 50), arm('A', 50)), ['experiment.name_twice']);
  assert.deepEqual(await first(arm('A', 100, { isHoldout: true })), ['experiment.all_held_out']);
  const held = [arm('A', 0), arm('B', 50, { isHoldout: true }), arm('C', 50, { isHoldout: true, content: mail('x') })];
  assert.deepEqual(await first(...held), ['experiment.holdouts', 'experiment.holdout_content']);
  const broken = arm('B', 50, { content: mail('{{ context.a | sparkle }}') });
  assert.match((await codes([arm('A', 50), broken])).join(), /TPL-0002 B, subject \(line 1\): .*sparkle/);
  const empty = arm('B', 50, { content: mail(' ') });
  assert.match((await codes([arm('A', 50), empty])).join(), /content\.subject_missing B: /);
  const reads = arm('B', 50, { content: mail('{{ profile.name }}') });
  assert.match((await codes([arm('A', 50), reads], { highThroughputMode: true })).join(), /content\.profile_variable/);
  const eleven = Array.from({ length: 11 }, (_, n) => arm(`${n}`, 10));
  assert.equal(codeOf(await control.call('POST', '/campaigns', withTreatments(eleven))), 'CMP-000001');
});
