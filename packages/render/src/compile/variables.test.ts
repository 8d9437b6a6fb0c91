import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleData } from '../sample.ts';
import { compileContent } from './content.ts';
import { formatPath, type Path, parsePath } from './variables.ts';

async function variables(source: string): Promise<string[]> {
  const { compiled, problems } = await compileContent({ body: { format: 'liquid', escape: 'none', source } });
  assert.ok(compiled, JSON.stringify(problems));
  return compiled.variables;
}

test('paths are collected from outputs, conditions, filters and keys', async () => {
  const source =
    '{{ profile.a.b | append: context.c }}{% if context.d == context.e or not profile.f %}{% endif %}{% case context.g %}{% when context.h %}{% endcase %}{{ context.map[profile.key].x }}';
  assert.deepEqual(await variables(source), [
    ...[
      'context.c',
      'context.d',
      'context.e',
      'context.g',
      'context.h',
      'context.map[].x',
      'profile.a.b',
      'profile.f',
      'profile.key',
    ],
  ]);
});

test('loop variables are followed to the array they walk', async () => {
  assert.deepEqual(
    await variables(
      '{% for o in context.orders limit: context.n %}{% for i in o.items %}{{ i.price }}{{ forloop.index }}{% endfor %}{{ o.id }}{% endfor %}',
    ),
    ['context.n', 'context.orders[].id', 'context.orders[].items[].price'],
  );
});

test('assigned names, element filters and property filters are followed too', async () => {
  assert.deepEqual(
    await variables(
      '{% assign best = context.items | where: "sale.on" | sort: "price" | first %}{{ best.name }}{% assign a = profile.address %}{{ a.city }}{{ context.items | map: "sku" | join }}{{ context.list.first }}{{ context.list.size }}',
    ),
    [
      'context.items[].name',
      'context.items[].price',
      'context.items[].sale.on',
      'context.items[].sku',
      'context.list[]',
      'profile.address.city',
    ],
  );
});

test('names that are no identifiers are quoted, and every path can be read back', async () => {
  assert.deepEqual(await variables('{{ context["unit price"].x }}{{ context.items[0]["a.b"] }}'), [
    'context.items[]["a.b"]',
    'context["unit price"].x',
  ]);
  const path: fc.Arbitrary<Path> = fc
    .array(fc.oneof(fc.constant(null), fc.string({ minLength: 1 })), { maxLength: 5 })
    .map((rest) => ['context', ...rest]);
  fc.assert(fc.property(path, (steps) => assert.deepEqual(parsePath(formatPath(steps)), steps)));
});

test('sample data has a place for every variable', () => {
  assert.deepEqual(
    sampleData([
      'context.items[].price',
      'context.items[].tags[]',
      'context.items',
      'profile.name.first',
      'context["unit price"]',
    ]),
    {
      context: { items: [{ price: '<string>', tags: ['<string>'] }], 'unit price': '<string>' },
      profile: { name: { first: '<string>' } },
    },
  );
  assert.deepEqual(sampleData([]), {});
  assert.deepEqual(sampleData(['context[]']), { context: {} });
});
