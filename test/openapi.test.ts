import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOperations } from '../infra/docs/openapi.ts';
import { API_ERRORS } from '../packages/core/src/errors.ts';

const { operations, undescribed } = await apiOperations();

test('every route of ingress and control is described (docs/adding-a-route.md says how)', () => {
  assert.deepEqual(undescribed, []);
  assert.ok(operations.length > 25, `only ${operations.length} routes`);
});

test('every description says in a line what the call does and what it answers', () => {
  for (const { method, path, description } of operations) {
    const name = `${method} ${path}`;
    assert.match(description.summary, /^[A-Z][^\n]{5,120}[^.\n]$/, `${name}: a line without a full stop`);
    assert.ok(Object.keys(description.answers).length > 0, name);
    for (const code of description.errors ?? []) assert.ok(code in API_ERRORS, `${name}: ${code}`);
    const takesBody = description.body !== undefined || description.upload !== undefined;
    assert.ok(!(method === 'get' && takesBody), `${name} has a body`);
  }
});

test('no two routes have one method and one path', () => {
  const names = operations.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(
    names.filter((name, place) => names.indexOf(name) !== place),
    [],
  );
});
