import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audienceRule } from '@outrigger/contracts';
import { type AudienceRule, fitsRule, type JsonObject, type RuleScalar, type RuleSubject } from '@outrigger/core';
import { openTestLedger } from '@outrigger/testkit';
import fc from 'fast-check';
import { ensureTenant, type ProfileInput, ruleCondition, upsertProfiles } from '../src/index.ts';

const { pool } = await openTestLedger();
const tenantId = (await ensureTenant(pool, 'rules', 'prod')).tenantId;

const PLACES = ['a', 'b', 'n.x', 'n.y', 'list', 'toString'];
const scalar: fc.Arbitrary<RuleScalar> = fc.oneof(
  fc.constantFrom<RuleScalar>(
    '',
    'a',
    'ab',
    'B',
    'ä',
    '\u{1F600}',
    '\uFFFD',
    '10',
    '9',
    1,
    0,
    -1,
    9,
    10,
    0.1,
    1e21,
    true,
    false,
  ),
  fc.string({ maxLength: 3 }).filter((text) => text.isWellFormed() && !text.includes('\u0000')),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
);
const leaf = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.constant({ deep: 1 }));
const attributes = fc.record(
  {
    a: leaf,
    b: leaf,
    n: fc.oneof(leaf, fc.record({ x: leaf, y: leaf }, { requiredKeys: [] })),
    list: fc.array(scalar, { maxLength: 4 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
const consents = fc.constantFrom<RuleSubject['consents']>(
  {},
  { marketing: { email: { val: 'y' } } },
  { marketing: { any: { val: 'n' } } },
);
const subject: fc.Arbitrary<RuleSubject> = fc.record({
  attributes,
  consents,
  timeZone: fc.constantFrom(null, 'Europe/Stockholm', 'UTC'),
  language: fc.constantFrom(null, 'sv', 'pt-BR'),
});

const path = fc.oneof(
  fc.constantFrom(...PLACES).map((place) => `attributes.${place}`),
  fc.constantFrom('consents.marketing.email.val', 'consents.marketing.any.val', 'timeZone', 'language'),
);
const value = fc.oneof(scalar, fc.constantFrom('y', 'n', 'sv', 'UTC'));
const ordered = value.filter((one): one is string | number => typeof one !== 'boolean');
const comparison: fc.Arbitrary<AudienceRule> = fc.oneof(
  fc.record({ path, op: fc.constant('exists' as const) }),
  fc.record({ path, op: fc.constantFrom('eq' as const, 'ne' as const), value }),
  fc.record({ path, op: fc.constant('in' as const), value: fc.array(value, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    path,
    op: fc.constantFrom('gt' as const, 'gte' as const, 'lt' as const, 'lte' as const),
    value: ordered,
  }),
  fc.record({ path, op: fc.constant('contains' as const), value }),
);
const { rule } = fc.letrec<{ rule: AudienceRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    fc.record({ and: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('rule') }),
  ),
}));

test('a rule finds in the ledger exactly the profiles that fit it (property)', async () => {
  const subjects = fc.sample(subject, { numRuns: 150, seed: 7 });
  const inputs = subjects.map(
    (one, n): ProfileInput => ({ identities: [{ namespace: 'n', value: String(n) }], ...one }),
  );
  const upserted = await upsertProfiles(pool, tenantId, inputs, 'replace');
  const byId = new Map(upserted.map(({ profileId }, n) => [profileId, subjects[n]!]));
  let found = 0;
  await fc.assert(
    fc.asyncProperty(rule, async (one) => {
      assert.equal(audienceRule.safeParse(one).success, true, 'the rule is a valid one');
      const values: unknown[] = [tenantId];
      const condition = ruleCondition(one, values);
      const { rows } = await pool.query<{ profile_id: string }>(
        `SELECT p.profile_id FROM profiles p WHERE p.tenant_id = $1 AND ${condition} ORDER BY 1`,
        values,
      );
      const fitting = [...byId].filter(([, stored]) => fitsRule(one, stored)).map(([id]) => id);
      assert.deepEqual(
        rows.map((row) => row.profile_id),
        fitting.sort(),
      );
      found += fitting.length;
    }),
    { numRuns: 300 },
  );
  assert.ok(found > 300, 'the rules find people, or this proves nothing');
});

test('what is no rule is refused, and what looks like SQL is compared as text', async () => {
  for (const wrong of [
    {},
    { and: [] },
    { path: 'attributes.a', op: 'eq' },
    { path: "attributes.a' OR true --", op: 'exists' },
    { path: 'attributes.0', op: 'exists' },
    { path: 'password', op: 'exists' },
    { path: 'attributes.a', op: 'gt', value: true },
    { path: 'attributes.a', op: 'exists', extra: 1 },
    Array.from({ length: 12 }).reduce<object>((inner) => ({ not: inner }), { path: 'language', op: 'exists' }),
  ]) {
    assert.equal(audienceRule.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
  const values: unknown[] = [];
  const text = "x') OR true --";
  const condition = ruleCondition({ path: 'attributes.a', op: 'eq', value: text }, values);
  assert.ok(!condition.includes('true --'));
  assert.deepEqual(values, [['a'], JSON.stringify(text)]);
});
