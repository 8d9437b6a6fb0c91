import assert from 'node:assert/strict';
import type { Express } from 'express';
import { operationsOf } from '../src/openapi/operations.ts';

/**
 * Holds every answer of an app to its description: the status is named, and the body has what the schema asks for and
 * nothing else.
 */
export function createAnswerCheck(app: Express) {
  const { operations } = operationsOf(app);
  const patterns = operations.map((operation) => ({
    operation,
    pattern: new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return (method: string, url: string, status: number, body: unknown): void => {
    const path = url.split('?')[0]!;
    const found = patterns.find(
      ({ operation, pattern }) => operation.method === method.toLowerCase() && pattern.test(path),
    );
    if (!found || status >= 400) return;
    const schema = found.operation.description.answers[status];
    assert.notEqual(schema, undefined, `${method} ${path} is not described as answering ${status}`);
    if (schema === null || typeof schema === 'string') return;
    const parsed = schema!.safeParse(body);
    assert.ok(parsed.success, `${method} ${path} ${status}: ${JSON.stringify(parsed.error?.issues)}`);
    assert.deepEqual(body, parsed.data, `${method} ${path} ${status} answers what is not described`);
  };
}
