import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadFile } from '@outrigger/core';
import { type ScriptedReply, startScriptedServer } from '@outrigger/testkit/scripted-server';
import { attachmentsConfig, refuseContradictions } from '../src/config.ts';
import { openAttachments } from '../src/index.ts';

const OWNER = { orgId: 'A@AdobeOrg', sandboxName: 'dev' };
const PDF = Buffer.from('%PDF-1.7 hello');

async function withBucket(
  reply: (path: string) => ScriptedReply,
  work: (read: ReadFile, requests: { path: string; headers: Record<string, unknown> }[]) => Promise<void>,
): Promise<void> {
  const server = await startScriptedServer(({ path }) => reply(path));
  const config = attachmentsConfig.parse({
    ATTACHMENTS_BUCKET: 'files',
    ATTACHMENTS_REGION: 'eu-central-1',
    ATTACHMENTS_ENDPOINT: server.url,
    ATTACHMENTS_ACCESS_KEY_ID: 'AKIA',
    ATTACHMENTS_SECRET_ACCESS_KEY: 'secret',
  });
  try {
    await work(openAttachments(config)!, server.requests);
  } finally {
    await server.close();
  }
}

const live = () => AbortSignal.timeout(10_000);

describe('files of a bucket (F045)', () => {
  it('are read with a signed request for the key in the folder of the sandbox', async () => {
    await withBucket(
      () => ({ status: 200, body: PDF }),
      async (read, requests) => {
        const answer = await read(OWNER, 'invoices/Räkning 7.pdf', live());
        assert.deepEqual('bytes' in answer && answer.bytes, PDF);
        const [request] = requests;
        assert.equal(request!.path, '/files/A%40AdobeOrg/dev/invoices/R%C3%A4kning%207.pdf');
        assert.match(
          String(request!.headers.authorization),
          /^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/eu-central-1\/s3\//,
        );
      },
    );
  });

  const large = Buffer.concat([PDF, Buffer.alloc(5_000_000)]);
  const code = (name: string) => `<?xml version="1.0"?><Error><Code>${name}</Code></Error>`;
  const answers: [string, ScriptedReply, 'gone' | 'later', RegExp][] = [
    ['a key that is not there', { status: 404, body: code('NoSuchKey') }, 'gone', /no such file/],
    ['a file that is too large', { status: 200, body: large }, 'gone', /over 5000000 bytes/],
    ['what is no PDF', { status: 200, body: '<html>' }, 'gone', /not a PDF/],
    ['an empty file', { status: 200, body: '' }, 'gone', /not a PDF/],
    ['a bucket that is not there', { status: 404, body: code('NoSuchBucket') }, 'later', /NoSuchBucket/],
    ['a refusal', { status: 403, body: code('AccessDenied') }, 'later', /AccessDenied/],
    ['another region', { status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 'later', /301/],
    ['an outage', { status: 503, body: code('SlowDown') }, 'later', /SlowDown/],
    ['a connection that breaks', 'reset', 'later', /./],
  ];
  for (const [name, reply, kind, reason] of answers) {
    it(`${name}: ${kind === 'gone' ? 'gone for good' : 'to be asked for again'}`, async () => {
      await withBucket(
        () => reply,
        async (read) => {
          const answer = await read(OWNER, 'a.pdf', live());
          assert.match((answer as Record<string, string>)[kind] ?? JSON.stringify(answer), reason);
        },
      );
    });
  }

  it('are waited for as long as the caller says', async () => {
    await withBucket(
      () => 'hang',
      async (read) => {
        assert.deepEqual(await read(OWNER, 'a.pdf', AbortSignal.timeout(100)), {
          later: 'the bucket did not answer in time',
        });
      },
    );
  });

  it('are never asked for by a path that leads elsewhere', async () => {
    await withBucket(
      () => ({ status: 200, body: PDF }),
      async (read, requests) => {
        for (const path of ['../other/a.pdf', '/a.pdf', 'http://127.0.0.1/a.pdf']) {
          assert.ok('gone' in (await read(OWNER, path, live())), path);
        }
        assert.equal(requests.length, 0);
      },
    );
  });
});

describe('the configuration of attachments', () => {
  it('may be empty, and then there is no store', () => {
    assert.equal(openAttachments(attachmentsConfig.parse({})), undefined);
  });
  it('does not take a folder and a bucket, nor half a pair of credentials, and names what is wrong', () => {
    const wrong = attachmentsConfig.superRefine(refuseContradictions).safeParse({
      ATTACHMENTS_DIR: '/tmp',
      ATTACHMENTS_BUCKET: 'files',
      ATTACHMENTS_ACCESS_KEY_ID: 'a',
    });
    assert.deepEqual(
      wrong.error?.issues.map(({ path, message }) => [path.join(), message]),
      [
        ['ATTACHMENTS_BUCKET', 'is set beside ATTACHMENTS_DIR; files lie in one place, so set one of them'],
        ['ATTACHMENTS_SECRET_ACCESS_KEY', 'is not set although ATTACHMENTS_ACCESS_KEY_ID is; set both or none'],
      ],
    );
    const pair = { ATTACHMENTS_BUCKET: 'files', ATTACHMENTS_ACCESS_KEY_ID: 'a', ATTACHMENTS_SECRET_ACCESS_KEY: 'b' };
    for (const right of [{}, { ATTACHMENTS_DIR: '/tmp' }, { ATTACHMENTS_BUCKET: 'files' }, pair]) {
      assert.equal(attachmentsConfig.superRefine(refuseContradictions).safeParse(right).success, true);
    }
  });
});
