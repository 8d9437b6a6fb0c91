import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSnsClient } from '@outrigger/aws-sns';
import { startScriptedServer } from '@outrigger/testkit/scripted-server';
import { endpointCreated, readRequest } from '@outrigger/testkit/sns-wire';
import { snsConfig } from '../src/providers/sns/config.ts';
import { createSnsEndpoints } from '../src/providers/sns/endpoints.ts';

const APPLICATION = 'arn:aws:sns:eu-west-1:123456789012:app/GCM/shop';

it('remembers the endpoints used last, and asks again for the others', async () => {
  const peer = await startScriptedServer((request) =>
    endpointCreated(`arn:of:${readRequest(request).fields.get('Token')}`),
  );
  const client = createSnsClient(
    snsConfig.parse({
      PUSH_PROVIDER: 'sns',
      SNS_REGION: 'eu-west-1',
      SNS_ENDPOINT: peer.url,
      SNS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      SNS_SECRET_ACCESS_KEY: 'secret',
      SNS_PUSH_APPLICATIONS: JSON.stringify({ 'com.example.shop:fcm': APPLICATION }),
    }),
  );
  const endpoints = createSnsEndpoints(client, 2);
  const ask = (token: string) => endpoints.endpointOf(APPLICATION, token, AbortSignal.timeout(5_000));
  for (const token of ['a', 'b', 'a', 'c', 'a', 'b']) assert.deepEqual(await ask(token), { arn: `arn:of:${token}` });
  endpoints.forget(APPLICATION, 'b');
  await ask('b');
  await client.close();
  await peer.close();
  const asked = peer.requests.map((request) => readRequest(request).fields.get('Token'));
  // `a` was used after `b`, so `c` pushes `b` out; the last `b` was forgotten.
  assert.deepEqual(asked, ['a', 'b', 'c', 'b', 'b']);
});
