import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { sampleCurl } from './sample-curl.ts';

const version = {
  campaignId: 'c-1',
  definition: { channel: 'email', high_throughput: false, identity_namespace: 'email' },
  compiled: { v: 1, parts: {}, variables: ['context.items[].name', 'profile.person.name.firstName'] },
};
const target = { baseUrl: 'http://localhost:8080', orgId: 'org', sandboxName: 'prod' };

/** What a shell would hand to curl as the body. */
function bodyOf(curl: string): Record<string, unknown> {
  const body = execFileSync('sh', ['-c', curl.replace(/^curl .*? -d /s, 'printf %s ')], { encoding: 'utf8' });
  return JSON.parse(body);
}

test('every variable of the content has its place in the body', () => {
  const body = bodyOf(sampleCurl(version, target));
  assert.deepEqual(body.recipients, [
    {
      type: 'aep',
      userId: '<id>',
      namespace: 'email',
      context: { items: [{ name: '<string>' }] },
      profile: { person: { name: { firstName: '<string>' } } },
    },
  ]);
});

test('a quote in the data does not end the argument, compact or not', () => {
  for (const compact of [true, false]) {
    const recipient = { userId: "o'hara", context: { note: "it's $HOME `id`" } };
    const body = bodyOf(sampleCurl(version, { ...target, recipient, compact }));
    assert.deepEqual(body.recipients, [recipient]);
  }
});

test('a high-throughput campaign is called at its own endpoint, by recipients from outside', () => {
  const fast = { ...version, definition: { ...version.definition, high_throughput: true } };
  const curl = sampleCurl(fast, target);
  assert.match(curl, /executions\/highthroughput'/);
  assert.equal((bodyOf(curl).recipients as { type: string }[])[0]!.type, 'external');
});

test('a marketing campaign is triggered through the audience endpoint, and names nobody (F023)', () => {
  const curl = sampleCurl({ ...version, definition: { ...version.definition, category: 'marketing' } }, target);
  assert.match(curl, /executions\/audience'/);
  assert.deepEqual(bodyOf(curl), {
    requestId: '<unique id>',
    campaignId: 'c-1',
    context: { items: [{ name: '<string>' }] },
  });
});
