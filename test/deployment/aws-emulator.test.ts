import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findFreePort, waitFor } from '@outrigger/testkit';

const MAIN = join(import.meta.dirname, '..', '..', 'infra', 'aws-emulator', 'main.ts');

describe('the emulator of the compose profile aws', () => {
  let emulator: ChildProcess;
  let ses: string;
  let sns: string;

  before(async () => {
    const [sesPort, snsPort] = [await findFreePort(), await findFreePort()];
    [ses, sns] = [`http://127.0.0.1:${sesPort}`, `http://127.0.0.1:${snsPort}`];
    emulator = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, SES_PORT: String(sesPort), SNS_PORT: String(snsPort) },
      stdio: 'ignore',
    });
    await waitFor('both emulators to listen', async () => {
      const answers = await Promise.allSettled([fetch(`${ses}/health-check`), fetch(sns)]);
      return answers.every((answer) => answer.status === 'fulfilled' && answer.value.ok);
    });
  });
  after(async () => {
    const exited = once(emulator, 'exit');
    emulator.kill('SIGTERM');
    await exited;
  });

  const post = (url: string, fields: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      // Asked for, and not looked at.
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=x/20310504/eu-central-1/ses/aws4_request' },
      body: new URLSearchParams({ Version: '2010-03-31', ...fields }),
    });

  test('SES keeps a raw mail and SNS a text message, and both show what they got', async () => {
    const raw = Buffer.from('From: a@shop.example\r\nTo: b@shop.example\r\nSubject: Hello\r\n\r\nHello\r\n').toString(
      'base64',
    );
    const sent = await post(ses, { Action: 'SendRawEmail', 'RawMessage.Data': raw, Version: '2010-12-01' });
    assert.equal(sent.status, 200);
    assert.match(JSON.stringify(await (await fetch(`${ses}/store`)).json()), /Hello/);
    const texted = await post(sns, { Action: 'Publish', PhoneNumber: '+46700000001', Message: 'Your code' });
    assert.match(await texted.text(), /<PublishResult><MessageId>[0-9a-f-]{36}</);
    const [kept] = (await (await fetch(sns)).json()) as { to: string; message: string }[];
    assert.deepEqual([kept!.to, kept!.message], ['+46700000001', 'Your code']);
  });

  test('SNS gives a push token an endpoint, and refuses what it does not emulate', async () => {
    const made = await post(sns, { Action: 'CreatePlatformEndpoint', Token: 'token-1' });
    assert.match(await made.text(), /<EndpointArn>arn:aws:sns:local:000000000000:endpoint\/token-1</);
    const refused = await post(sns, { Action: 'DeleteTopic' });
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /<Code>InvalidAction</);
  });
});
