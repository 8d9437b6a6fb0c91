import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Body, codeOf, createCampaign, createSurface, emailDefinition, startControl } from './control.ts';

const control = await startControl();
const surfaceId = await createSurface(control);
const path = (id: string) => `/ajo/simulations/campaigns/${id}/previews`;
const preview = (id: string, ...previewRequestItems: Body[]) => control.call('POST', path(id), { previewRequestItems });
const person = (userId: string, more: Body = {}) => ({ userId, namespace: 'Email', ...more });
const packageOf = async (id: string) => {
  const { body } = await control.call('GET', `/campaigns/${id}`);
  return (body.packages as Body[])[0]!.packageId;
};
const GREETING = {
  subject: ' {{ profile.person.firstName }}, order {{ context.number }} ',
  html: { body: '<p>{{ profile.person.firstName }} {{ context.system.source.name }}</p>' },
};

await control.call('PUT', '/profiles', {
  identities: [{ namespace: 'email', value: 'astrid@shop.example' }],
  attributes: { person: { firstName: 'Astrid' } },
});

test('one preview a person and variant; profileAttributes take the place of the stored profile (F110)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, { name: 'greeting' }, GREETING), false);
  const { status, body } = await preview(
    id,
    person('Astrid@shop.example', { contextAttributes: { number: 7 } }),
    person('astrid@shop.example', { profileAttributes: { person: { firstName: '<Bo>' } } }),
    person('nobody@shop.example', { profileAttributes: {} }),
  );
  const shown = { variantId: await packageOf(id), messageId: await packageOf(id), channel: 'email' };
  assert.equal(status, 200);
  assert.deepEqual(body, {
    previews: [
      {
        profileId: 'Astrid@shop.example',
        ...shown,
        subject: 'Astrid, order 7',
        html: { body: '<p>Astrid greeting</p>' },
      },
      // The subject is no HTML: only the body is escaped.
      {
        profileId: 'astrid@shop.example',
        ...shown,
        subject: '<Bo>, order',
        html: { body: '<p>&lt;Bo&gt; greeting</p>' },
      },
      { profileId: 'nobody@shop.example', ...shown, subject: ', order', html: { body: '<p> greeting</p>' } },
    ],
  });
});

test('a live campaign shows its live version, and its draft once it has one', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, {}, { subject: 'live' }));
  const subjectNow = async () =>
    ((await preview(id, person('a@b.example', { profileAttributes: {} }))).body.previews as Body[])[0]!.subject;
  assert.equal(await subjectNow(), 'live');
  assert.equal(
    (await control.call('PUT', `/campaigns/${id}`, emailDefinition(surfaceId, {}, { subject: 'next' }))).status,
    200,
  );
  assert.equal(await subjectNow(), 'next');
});

test('SMS and push are shown with what their channels have', async () => {
  const sms = await createSurface(control, { channel: 'SMS', settings: { sender: 'Shop' } });
  const settings = { app_id: 'com.example.shop', platforms: ['fcm'] };
  const push = await createSurface(control, { channel: 'PUSH', settings });
  const campaign = (channel: string, surface: string, surfaceType: string, content: Body) => ({
    ...emailDefinition(surfaceId),
    packages: [{ channel, attributes: { surface: { surfaceId: surface, surfaceType } }, content }],
  });
  const shownOf = async (definition: Body) => {
    const id = await createCampaign(control, definition, false);
    const { body } = await preview(id, person('a@b.example', { profileAttributes: { n: 'Bo' } }));
    const [{ profileId: _profile, variantId: _variant, messageId: _message, ...shown }] = body.previews as [Body];
    return shown;
  };
  assert.deepEqual(await shownOf(campaign('SMS', sms, 'brandingPresetId', { text: 'Hi {{ profile.n }}' })), {
    channel: 'sms',
    text: 'Hi Bo',
    messageType: 'sms',
  });
  const ios = { media: { uri: 'https://shop.example/a.png' } };
  const content = { title: 'Hi {{ profile.n }}', message: ' x ', ios };
  assert.deepEqual(await shownOf(campaign('PUSH', push, 'appConfigurationId', content)), {
    channel: 'push',
    appNames: ['com.example.shop'],
    pushType: 'MESSAGE',
    title: 'Hi Bo',
    message: 'x',
    ios,
  });
});

test('a high-throughput campaign is shown without what is stored of a person', async () => {
  const draft = emailDefinition(surfaceId, { highThroughputMode: true }, GREETING);
  const { body } = await preview(await createCampaign(control, draft, false), person('astrid@shop.example'));
  assert.equal((body.previews as Body[])[0]!.subject, ', order');
});

test('what cannot be shown is refused, and says what to do', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId, {}, GREETING), false);
  const known = person('astrid@shop.example');
  const code = async (...items: Body[]) => codeOf(await preview(id, ...items));
  assert.equal(await code(known, person('nobody@shop.example')), 'SIM-000003');
  assert.equal(await code(), 'MSG-000009');
  assert.equal(await code({ ...known, more: 1 }), 'MSG-000008');
  assert.equal(await code({ userId: 'x' }), 'MSG-000009');
  assert.equal(await code({ ...known, profileAttributes: [] }), 'MSG-000009');
  assert.equal(await code({ ...known, contextAttributes: { system: {} } }), 'MSG-000007');
  assert.equal(await code({ ...known, contextAttributes: { a: 'x'.repeat(200_000) } }), 'MSG-000006');
  const empty = await createCampaign(control, { ...emailDefinition(surfaceId), packages: [] }, false);
  assert.equal(codeOf(await preview(empty, known)), 'SIM-000001');
  const broken = await createCampaign(
    control,
    emailDefinition(surfaceId, {}, { subject: '{{ context.a | nope }}' }),
    false,
  );
  const refused = await preview(broken, known);
  assert.equal(codeOf(refused), 'SIM-000002');
  assert.match(JSON.stringify(refused.body), /subject \(line 1\)/);
  const endless = '{% for i in (1..100000000) %}x{% endfor %}';
  const slow = await createCampaign(control, emailDefinition(surfaceId, {}, { html: { body: endless } }), false);
  assert.equal(codeOf(await preview(slow, known)), 'SIM-000004');
});

test('30 people are shown at once, 31 are refused (F112)', async () => {
  const id = await createCampaign(control, emailDefinition(surfaceId), false);
  const people = (count: number) =>
    Array.from({ length: count }, (_, n) => person(`p${n}@b.example`, { profileAttributes: {} }));
  assert.equal(((await preview(id, ...people(30))).body.previews as Body[]).length, 30);
  assert.equal(codeOf(await preview(id, ...people(31))), 'MSG-000009');
});

describe('samples of a file (F112)', () => {
  let id: string;
  before(async () => {
    const content = { subject: '{{ profile.name }} {{ context.number | plus: 1 }} {{ context.day | date: "%d.%m." }}' };
    id = await createCampaign(control, emailDefinition(surfaceId, {}, content), false);
  });
  function upload(text: string, name: string) {
    const form = new FormData();
    form.append('file', new Blob([text]), name);
    return control.call('POST', `${path(id)}/samples`, form);
  }
  const subjects = async (text: string, name: string) => {
    const { status, body } = await upload(text, name);
    assert.equal(status, 200, JSON.stringify(body));
    return (body.previews as Body[]).map(({ profileId, subject }) => [profileId, subject]);
  };

  test('are shown as CSV, as a JSON array and as JSON lines', async () => {
    const csv =
      'userId,profile.name,context.number:number,context.day:date\nada,"Ada, née Byron",7,2031-05-04\nbo,Bo,,\n';
    assert.deepEqual(await subjects(csv, 'samples.csv'), [
      ['ada', 'Ada, née Byron 8 04.05.'],
      ['bo', 'Bo 1'],
    ]);
    const rows = [
      { 'profile.name': 'Ada', 'context.number': 7, 'context.day': '2031-05-04' },
      { 'profile.name': true },
    ];
    const expected = [
      ['sample-1', 'Ada 8 04.05.'],
      ['sample-2', 'true 1'],
    ];
    assert.deepEqual(await subjects(JSON.stringify(rows), 'samples.json'), expected);
    assert.deepEqual(await subjects(rows.map((row) => JSON.stringify(row)).join('\n'), 'samples.jsonl'), expected);
    assert.deepEqual(await subjects(JSON.stringify(rows), 'untold'), expected);
  });

  test('are 30 at most: 31 rows are refused', async () => {
    const rows = (count: number) => `profile.name\n${Array.from({ length: count }, (_, n) => `p${n}`).join('\n')}\n`;
    assert.equal((await subjects(rows(30), 'a.csv')).length, 30);
    assert.equal(codeOf(await upload(rows(31), 'a.csv')), 'SIM-000007');
    assert.equal(codeOf(await upload('profile.name\n', 'a.csv')), 'SIM-000007');
    const elements = Array.from({ length: 31 }, () => ({ 'profile.name': 'x' }));
    assert.equal(codeOf(await upload(JSON.stringify(elements), 'a.json')), 'SIM-000007');
  });

  test('that are wrong are refused as a whole, with the place', async () => {
    for (const [text, name, code, where] of [
      ['', 'a.csv', 'CSV-000001', /first line/],
      ['PK\u0003\u0004', 'a.csv', 'CSV-000002', /ZIP/],
      ['name\nAda\n', 'a.csv', 'CSV-000004', /name is no variable/],
      ['profile.__proto__.x\nAda\n', 'a.csv', 'CSV-000004', /no variable/],
      ['context.n:integer\n1\n', 'a.csv', 'CSV-000004', /integer/],
      ['context.n,context.m\n1\n', 'a.csv', 'CSV-000005', /Line 2 has 1 cells instead of 2/],
      ['context.n:number\nseven\n', 'a.csv', 'CSV-000008', /Line 2, context.n: is no number/],
      ['context.d:date\n2031-02-31x\n', 'a.csv', 'CSV-000008', /no date/],
      ['context.a,context.a.b\n1,2\n', 'a.csv', 'CSV-000008', /another column/],
      ['{"profile.name": "Ada"}', 'a.json', 'CSV-000005', /no array/],
      ['[{"context.a": {"b": 1}}]', 'a.json', 'CSV-000008', /Sample 1, context.a/],
      ['[1]', 'a.json', 'CSV-000005', /Sample 1/],
      ['{"profile.name": "Ada"}\n{', 'a.jsonl', 'CSV-000005', /Line 2/],
      ['[{"context.system.x": 1}]', 'a.json', 'MSG-000007', /./],
    ] as const) {
      const reply = await upload(text, name);
      assert.equal(codeOf(reply), code, `${text} ${JSON.stringify(reply.body)}`);
      assert.match(String(reply.body.title), where, text);
    }
  });
});

test('a campaign of another tenant is as unknown as none, and a key that may only trigger sees nothing', async () => {
  const other = await startControl();
  const id = await createCampaign(control, emailDefinition(surfaceId), false);
  const items = { previewRequestItems: [person('a@b.example', { profileAttributes: {} })] };
  assert.equal(codeOf(await other.call('POST', path(id), items)), 'MSG-000010');
  assert.equal(codeOf(await control.call('POST', path('nonsense'), items)), 'MSG-000010');
  assert.equal((await (await control.as(['execute'])).call('POST', path(id), items)).status, 403);
});
