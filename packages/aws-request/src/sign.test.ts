import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { createObjectSigner, createSigner, escapeSegment } from './sign.ts';

/** The SDK takes a class for its hashes; Node's, in that form. */
class Sha256 {
  #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }
  update(data: Uint8Array | string) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
}

async function sdkSignature(input: Input): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service: input.service,
    region: input.region,
    credentials: input.credentials,
    sha256: Sha256 as never,
    applyChecksum: false,
  });
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: input.host,
      path: input.path,
      query: {},
      headers: { host: input.host, 'content-type': input.contentType },
      body: input.body,
    },
    { signingDate: new Date(input.nowMs) },
  );
  return signed.headers;
}

type Input = {
  service: string;
  region: string;
  host: string;
  path: string;
  contentType: string;
  body: Buffer;
  nowMs: number;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};

const inputs: fc.Arbitrary<Input> = fc.record({
  service: fc.constantFrom('ses', 'sns'),
  region: fc.constantFrom('eu-central-1', 'us-gov-west-1'),
  host: fc.constantFrom('email.eu-central-1.amazonaws.com', '127.0.0.1:4566'),
  path: fc.constantFrom('/', '/v2/email/outbound-emails', '/prefix/a%20b(c)/v2'),
  contentType: fc.constantFrom('application/json', 'application/x-www-form-urlencoded'),
  body: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  nowMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  credentials: fc.record(
    {
      accessKeyId: fc.constant('AKIDEXAMPLE'),
      secretAccessKey: fc.stringMatching(/^[\w/+]{16,40}$/),
      sessionToken: fc.stringMatching(/^[\w/+=]{1,80}$/),
    },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  ),
});

describe('signature', () => {
  it('is, for any request, key and instant, byte for byte the one of the AWS SDK', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const ours = createSigner(input.service, input.region)(
          { ...input, method: 'POST' },
          input.credentials,
          input.nowMs,
        );
        assert.deepEqual(pairs(ours), await sdkSignature(input));
      }),
      { numRuns: 300 },
    );
  });

  it('stays the one of the SDK when day, second and key change under one signer', async () => {
    const sign = createSigner('ses', 'eu-central-1');
    const base = Date.UTC(2026, 10, 27, 23, 59, 59);
    const steps = [0, 400, 1_000, 1_400, 86_400_000, 0].map((step) => base + step);
    for (const secretAccessKey of ['first-secret', 'second-secret', 'first-secret']) {
      for (const nowMs of steps) {
        const input = {
          service: 'ses',
          region: 'eu-central-1',
          host: 'email.eu-central-1.amazonaws.com',
          path: '/v2/email/outbound-emails',
          contentType: 'application/json',
          body: Buffer.from('{}'),
          nowMs,
          credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey },
        };
        const ours = sign({ ...input, method: 'POST' }, input.credentials, nowMs);
        assert.deepEqual(pairs(ours), await sdkSignature(input));
      }
    }
  });
});

function pairs(flat: string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]!]] : [])));
}

describe('the signature of a request for an object of S3', () => {
  it('is, for any key and instant, the one of the AWS SDK (F045)', async () => {
    const part = fc.oneof(
      fc.constantFrom("it's 100% (a).pdf", 'Räkning?x=1#y', '@Org', '+ ~*!'),
      fc.string({ unit: 'grapheme', minLength: 1 }),
    );
    const credentials = fc.record(
      {
        accessKeyId: fc.constant('AKIDEXAMPLE'),
        secretAccessKey: fc.constant('secret'),
        sessionToken: fc.constant('token'),
      },
      { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
    );
    const second = fc.integer({ min: 1_500_000_000, max: 2_000_000_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), credentials, second, async (key, who, at) => {
        const path = `/bucket/${key.map((one) => escapeSegment(one.toWellFormed())).join('/')}`;
        const host = 's3.eu-central-1.amazonaws.com';
        const signer = new SignatureV4({
          service: 's3',
          region: 'eu-central-1',
          credentials: who,
          sha256: Sha256 as never,
          uriEscapePath: false,
        });
        const signed = await signer.sign(
          { method: 'GET', protocol: 'https:', hostname: host, path, query: {}, headers: { host }, body: undefined },
          { signingDate: new Date(at * 1_000) },
        );
        const ours = createObjectSigner('s3', 'eu-central-1')({ path, host }, who, at * 1_000);
        assert.equal(ours.authorization, signed.headers.authorization);
      }),
    );
  });
});
