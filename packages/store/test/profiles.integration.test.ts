import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestLedger } from '@outrigger/testkit';
import {
  deleteIdentity,
  deleteProfile,
  ensureProfiles,
  ensureTenant,
  findProfile,
  listProfiles,
  type ProfileInput,
  readProfile,
  readProfiles,
  upsertProfiles,
} from '../src/index.ts';

const { pool } = await openTestLedger();
const tenantId = (await ensureTenant(pool, 'people', 'prod')).tenantId;
const otherTenant = (await ensureTenant(pool, 'people', 'dev')).tenantId;
const email = (value: string) => ({ namespace: 'email', value });
const crm = (value: string) => ({ namespace: 'crmid', value });

test('replace takes away what it does not say, merge keeps it; consents and identities outlive both', async () => {
  const identities = [email('Ada@Shop.example'), crm('c-1')];
  const no = { marketing: { email: { val: 'n' as const } } };
  const input = {
    identities,
    attributes: { name: { first: 'Ada', last: 'L' }, tier: 1 },
    consents: no,
    language: 'sv',
  };
  const [first] = await upsertProfiles(pool, tenantId, [input], 'replace');
  assert.deepEqual([first!.created, first!.merged], [true, []]);
  const merge = { identities: [crm('c-1')], attributes: { name: { last: 'Lovelace' }, tier: null } };
  const [second] = await upsertProfiles(pool, tenantId, [merge], 'merge');
  assert.deepEqual(second, { profileId: first!.profileId, created: false, merged: [] });
  const merged = await readProfile(pool, tenantId, first!.profileId);
  assert.deepEqual(merged!.attributes, { name: { first: 'Ada', last: 'Lovelace' } });
  assert.equal(merged!.language, 'sv');
  await upsertProfiles(pool, tenantId, [{ identities: [email('ada@shop.EXAMPLE')], attributes: { x: 1 } }], 'replace');
  const replaced = (await findProfile(pool, tenantId, crm('c-1')))!;
  assert.deepEqual([replaced.attributes, replaced.language, replaced.consents], [{ x: 1 }, null, no]);
  // Compared folded, kept as given.
  assert.deepEqual(replaced.identities, [crm('c-1'), email('Ada@Shop.example')]);
});

test('when identities of two profiles meet they become one: the older keeps its id, what is newer wins, a no stays a no', async () => {
  const tokens = (token: string) => [{ appID: 'app', platform: 'fcm' as const, token }];
  const [one] = await upsertProfiles(
    pool,
    tenantId,
    [
      {
        identities: [email('meet@shop.example')],
        attributes: { a: 1, both: 'old' },
        consents: { marketing: { email: { val: 'n' }, sms: { val: 'y' } } },
        pushTokens: tokens('t-1'),
      },
    ],
    'merge',
  );
  const [two] = await upsertProfiles(
    pool,
    tenantId,
    [
      {
        identities: [crm('meet')],
        attributes: { b: 2, both: 'new' },
        consents: { marketing: { email: { val: 'y' }, sms: { val: 'p' } } },
        pushTokens: tokens('t-2'),
      },
    ],
    'merge',
  );
  const meeting = { identities: [crm('meet'), email('meet@shop.example')], attributes: { c: 3 } };
  const [met] = await upsertProfiles(pool, tenantId, [meeting], 'merge');
  assert.deepEqual(met, { profileId: one!.profileId, created: false, merged: [two!.profileId] });
  const profile = (await readProfile(pool, tenantId, one!.profileId))!;
  assert.deepEqual(profile.attributes, { a: 1, b: 2, both: 'new', c: 3 });
  assert.deepEqual(profile.consents.marketing, { email: { val: 'n' }, sms: { val: 'p' } });
  assert.deepEqual(profile.pushTokens.map((token) => token.token).sort(), ['t-1', 't-2']);
  assert.equal(await readProfile(pool, tenantId, two!.profileId), undefined);
});

test('inputs of one call that share identities are one person, in their order', async () => {
  const inputs: ProfileInput[] = [
    { identities: [crm('s-1')], attributes: { n: 1, first: true } },
    { identities: [crm('s-2')], attributes: { n: 2 } },
    { identities: [crm('s-2'), email('s@shop.example')], attributes: { n: 3 } },
    { identities: [crm('s-1'), email('s@shop.example')], attributes: { n: 4 } },
  ];
  const upserted = await upsertProfiles(pool, tenantId, inputs, 'merge');
  assert.equal(new Set(upserted.map(({ profileId }) => profileId)).size, 1);
  assert.equal(upserted.filter(({ created }) => created).length, 1);
  const profile = (await findProfile(pool, tenantId, crm('s-2')))!;
  assert.deepEqual(profile.attributes, { n: 4, first: true });
  assert.equal(profile.identities.length, 3);
});

test('writers that meet on the same identities at once make one profile and lose nothing', async () => {
  const write = (n: number) => {
    const identities = [email('race@shop.example'), crm(`race-${n % 4}`)];
    return upsertProfiles(pool, tenantId, [{ identities, attributes: { [`w${n}`]: n } }], 'merge');
  };
  await Promise.all(Array.from({ length: 12 }, (_, n) => write(n)));
  const profile = (await findProfile(pool, tenantId, email('race@shop.example')))!;
  assert.equal(Object.keys(profile.attributes).length, 12);
  assert.equal(profile.identities.length, 5);
});

test('an erased person is found by none of the identities, and these are free again', async () => {
  const [made] = await upsertProfiles(
    pool,
    tenantId,
    [{ identities: [email('gone@shop.example'), crm('gone')] }],
    'merge',
  );
  assert.equal(await deleteProfile(pool, otherTenant, made!.profileId), false);
  assert.equal(await deleteProfile(pool, tenantId, made!.profileId), true);
  assert.equal(await findProfile(pool, tenantId, crm('gone')), undefined);
  assert.deepEqual(await readProfiles(pool, tenantId, [email('gone@shop.example')]), [undefined]);
  const [again] = await upsertProfiles(pool, tenantId, [{ identities: [crm('gone')] }], 'merge');
  assert.notEqual(again!.profileId, made!.profileId);
});

test('the last identity of a profile stays', async () => {
  await upsertProfiles(pool, tenantId, [{ identities: [email('two@shop.example'), crm('two')] }], 'merge');
  const outcomes = await Promise.all([
    deleteIdentity(pool, tenantId, crm('two')),
    deleteIdentity(pool, tenantId, email('TWO@shop.example')),
  ]);
  assert.deepEqual(outcomes.sort(), ['deleted', 'last']);
  assert.equal(await deleteIdentity(pool, otherTenant, crm('two')), 'unknown');
});

test('F008: a created profile has its identity and nothing else, and the namespace is compared without case', async () => {
  await ensureProfiles(pool, tenantId, [{ namespace: 'Email', value: 'New@shop.example' }]);
  await ensureProfiles(pool, tenantId, [email('new@SHOP.example')]);
  const profile = (await findProfile(pool, tenantId, email('new@shop.example')))!;
  assert.deepEqual(
    [profile.identities, profile.attributes, profile.consents, profile.pushTokens],
    [[email('New@shop.example')], {}, {}, []],
  );
});

test('two tenants with the same identities have two people', async () => {
  const input = (who: string) => [{ identities: [email('same@shop.example')], attributes: { who } }];
  const [mine] = await upsertProfiles(pool, tenantId, input('mine'), 'merge');
  const [yours] = await upsertProfiles(pool, otherTenant, input('yours'), 'merge');
  assert.notEqual(mine!.profileId, yours!.profileId);
  const [stored] = await readProfiles(pool, otherTenant, [email('same@shop.example')]);
  assert.equal(stored!.document.who, 'yours');
  assert.equal(await readProfile(pool, otherTenant, mine!.profileId), undefined);
});

test('a list is read page by page, each profile once', async () => {
  const third = (await ensureTenant(pool, 'people', 'list')).tenantId;
  const inputs = Array.from({ length: 25 }, (_, n) => ({ identities: [crm(`l-${n}`)] }));
  await upsertProfiles(pool, third, inputs, 'merge');
  const seen: string[] = [];
  for (let after: string | undefined; ; after = seen.at(-1)) {
    const page = await listProfiles(pool, third, { limit: 10, ...(after && { after }) });
    seen.push(...page.map((profile) => profile.profileId));
    if (page.length < 10) break;
  }
  assert.equal(new Set(seen).size, 25);
});
