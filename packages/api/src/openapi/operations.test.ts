import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp } from '@outrigger/runtime';
import { Router } from 'express';
import { z } from 'zod';
import { route } from '../context.ts';
import { mount, openRoute } from '../describe.ts';
import { openApiDocument } from './document.ts';
import { operationsOf } from './operations.ts';
import { openApiPage } from './page.ts';

const nobody = async () => ({ refusal: { code: 'MSG-000401', title: '', context: {} } }) as never;
const described = { group: 'Things', summary: 'Show <one> thing', answers: { 200: z.object({ a: z.string() }) } };

function appWith(add: (router: Router) => void, mounted = true) {
  const app = createApp();
  const router = Router();
  add(router);
  if (mounted) mount(app, '/base', router);
  else app.use('/base', router);
  return app;
}

describe('the list of routes', () => {
  test('has each route with its method, full path and scope', () => {
    const app = appWith((router) => {
      router.get(
        '/things/:thingId',
        route(nobody, 'read', described, async () => ({ status: 200 })),
      );
      router.get(
        '/open',
        openRoute(described, () => undefined),
      );
    });
    const { operations, undescribed } = operationsOf(app);
    assert.deepEqual(undescribed, []);
    assert.deepEqual(
      operations.map(({ method, path, scope }) => [method, path, scope]),
      [
        ['get', '/base/things/{thingId}', 'read'],
        ['get', '/base/open', null],
      ],
    );
  });

  test('has the routes of a router that is mounted in another', () => {
    const app = appWith((router) => {
      const inner = Router();
      inner.get(
        '/open',
        openRoute(described, () => undefined),
      );
      mount(router, '/', inner);
    });
    const { operations, undescribed } = operationsOf(app);
    assert.deepEqual([operations.map(({ path }) => path), undescribed], [['/base/open'], []]);
  });

  test('names a route without a description, and a router that was mounted without mount()', () => {
    const undescribed = appWith((router) => router.post('/things', () => undefined));
    assert.deepEqual(operationsOf(undescribed).undescribed, ['POST /base/things']);
    const hidden = appWith(
      (router) =>
        router.get(
          '/things',
          openRoute(described, () => undefined),
        ),
      false,
    );
    assert.equal(operationsOf(hidden).undescribed.length, 1);
    assert.deepEqual(operationsOf(hidden).operations, []);
  });
});

describe('the document', () => {
  const body = { schema: z.strictObject({ kind: z.enum(['a', 'b']), size: z.int().default(1) }), limitBytes: 1_000 };
  const query = z.strictObject({ count: z.string().describe('How many').optional() });
  const app = appWith((router) =>
    router.post(
      '/things/:thingId',
      route(nobody, 'manage', { ...described, query, body }, async () => ({ status: 200 })),
    ),
  );
  const document = openApiDocument(operationsOf(app).operations);
  const operation = document.paths['/base/things/{thingId}']!.post!;

  test('is made of the schemas that validate, closed as they are closed', () => {
    assert.deepEqual(operation.requestBody?.content['application/json']?.schema, {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['a', 'b'] },
        size: { type: 'integer', default: 1, minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      },
      required: ['kind'],
      additionalProperties: false,
    });
    assert.equal(operation['x-scope'], 'manage');
    assert.deepEqual(
      operation.parameters.map(({ name, in: place, required }) => [name, place, required]),
      [
        ['thingId', 'path', true],
        ['count', 'query', false],
        ['x-api-key', 'header', true],
        ['x-gw-ims-org-id', 'header', true],
        ['x-sandbox-name', 'header', true],
      ],
    );
  });

  test('lists the errors that follow from the kind of the route', () => {
    for (const status of ['400', '401', '403', '413', '415', '503']) assert.ok(operation.responses[status], status);
    assert.match(operation.responses['401']!.description, /MSG-000401/);
  });

  test('refuses two schemas of one name', () => {
    const same = z.object({ size: z.string().default('') }).meta({ id: 'BothWays' });
    const both = appWith((router) =>
      router.put(
        '/a',
        route(
          nobody,
          'manage',
          { ...described, body: { schema: same, limitBytes: 1 }, answers: { 200: same } },
          async () => ({ status: 200 }),
        ),
      ),
    );
    assert.throws(() => openApiDocument(operationsOf(both).operations), /two schemas are called BothWays/);
  });

  test('is shown as a page without scripts, with what others wrote escaped', () => {
    const page = openApiPage(document);
    assert.match(page, /Show &#60;one&#62; thing/);
    assert.doesNotMatch(page, /<script|https?:\/\/|<link|<img/);
  });
});
