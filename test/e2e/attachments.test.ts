import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openTestLedger, type SesEmulator, startSesEmulator, waitFor } from '@outrigger/testkit';
import { type ScriptedReply, type ScriptedServer, startScriptedServer } from '@outrigger/testkit/scripted-server';
import PostalMime from 'postal-mime';
import { author, type Ended } from './author.ts';
import { startStack, type TestStack } from './stack.ts';

const ledger = await openTestLedger();
const pdf = (text: string) =>
  Buffer.concat([Buffer.from(`%PDF-1.7 ${text}\n`), Buffer.from(Array.from({ length: 300 }, (_, n) => n % 256))]);
const file = (name: string, path: string, type = 's3Path') => ({
  name,
  contentType: 'application/pdf',
  source: { type, path },
});
const external = (userId: string, ...attachments: object[]) => ({
  type: 'external',
  userId,
  namespace: 'email',
  ...(attachments.length > 0 && { attachments }),
});
const CONTENT = { subject: 'Invoice', html: { body: '<p>Hello</p>' } };

describe('PDF files with emails (F045)', () => {
  let stack: TestStack;
  let desk: ReturnType<typeof author>;
  let ses: SesEmulator;
  let bucket: ScriptedServer;
  /** By key; a reply instead of bytes is given as it is. */
  const objects = new Map<string, Buffer | ScriptedReply>();
  before(async () => {
    stack = await startStack(ledger, 'postgres');
    desk = author(stack);
    ses = await startSesEmulator();
    bucket = await startScriptedServer(({ path }) => {
      const found = objects.get(decodeURIComponent(path));
      if (found === undefined) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
      return Buffer.isBuffer(found) ? { status: 200, body: found } : found;
    });
    const account = {
      name: 'ses-main',
      EMAIL_PROVIDER: 'ses',
      SES_REGION: 'eu-central-1',
      SES_ENDPOINT: ses.url,
      SES_ACCESS_KEY_ID: 'AKIA',
      SES_SECRET_ACCESS_KEY: 'secret',
      rate_per_second: 500,
    };
    const store = {
      ATTACHMENTS_BUCKET: 'files',
      ATTACHMENTS_ENDPOINT: bucket.url,
      ATTACHMENTS_ACCESS_KEY_ID: 'AKIA',
      ATTACHMENTS_SECRET_ACCESS_KEY: 'secret',
    };
    await Promise.all(['email-worker', 'control'].map((name) => stack.services.get(name)!.stop()));
    await stack.start('email-worker', { EMAIL_ACCOUNTS: JSON.stringify([account]), ...store });
    await stack.start('control', store);
  });
  after(async () => {
    await stack.stop();
    await Promise.all([ses.close(), bucket.close()]);
  });

  const keyOf = (path: string, { orgId, sandboxName } = stack.caller.tenant) =>
    `/files/${orgId}/${sandboxName}/${path}`;
  async function filesOf({ messageId }: Ended): Promise<{ name: string | null; bytes: Buffer }[]> {
    const [taken, ...more] = ses.takenOf(messageId);
    assert.deepEqual(more, []);
    const { attachments } = await PostalMime.parse(Buffer.from(taken!.raw, 'latin1'));
    return attachments.map(({ filename, content }) => ({ name: filename, bytes: Buffer.from(content as ArrayBuffer) }));
  }
  async function draftOf(content: object, more: object = {}): Promise<string> {
    const surface = { surfaceId: await desk.surface('EMAIL'), surfaceType: 'brandingPresetId' };
    const draft = await stack.call('control', 'POST', '/campaigns', {
      name: `draft-${randomUUID()}`,
      category: 'Transactional',
      identityNamespace: 'email',
      packages: [{ channel: 'EMAIL', attributes: { surface }, content }],
      ...more,
    });
    assert.equal(draft.status, 201, JSON.stringify(draft.body));
    return String(draft.body.campaignId);
  }
  async function refusedAtActivation(content: object, more: object = {}): Promise<string> {
    const answer = await stack.call('control', 'POST', `/campaigns/${await draftOf(content, more)}/publish`);
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    return JSON.stringify(answer.body);
  }

  test('two recipients get each their own PDF beside the one of the campaign, byte for byte', async () => {
    const [terms, ada, bo] = [pdf('terms'), pdf('for Ada'), pdf('for Bo')];
    objects.set(keyOf('terms.pdf'), terms);
    objects.set(keyOf('invoices/ada.pdf'), ada);
    objects.set(keyOf('invoices/bo 7%.pdf'), bo);
    const attachments = [file('Terms.pdf', 'terms.pdf')];
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL'), { ...CONTENT, attachments });
    // The version has its own copy: the store may drop or change the file.
    objects.delete(keyOf('terms.pdf'));
    const sent = await desk.send(
      campaign,
      external('ada@shop.example', file('Räkning Ada.pdf', 'invoices/ada.pdf')),
      external('bo@shop.example', file('Invoice.pdf', 'invoices/bo 7%.pdf', 'dlzPath')),
      external('cy@shop.example'),
    );
    assert.deepEqual(
      sent.map(({ state }) => state),
      ['sent', 'sent', 'sent'],
    );
    assert.deepEqual(await filesOf(sent[0]!), [
      { name: 'Terms.pdf', bytes: terms },
      { name: 'Räkning Ada.pdf', bytes: ada },
    ]);
    assert.deepEqual(await filesOf(sent[1]!), [
      { name: 'Terms.pdf', bytes: terms },
      { name: 'Invoice.pdf', bytes: bo },
    ]);
    assert.deepEqual(await filesOf(sent[2]!), [{ name: 'Terms.pdf', bytes: terms }]);
  });

  test('a file that is missing, no PDF, or too large with the others excludes its recipient alone (050083)', async () => {
    const half = Buffer.concat([pdf('half'), Buffer.alloc(2_600_000)]);
    objects.set(keyOf('half.pdf'), half);
    objects.set(keyOf('page.pdf'), Buffer.from('<html>'));
    objects.set(keyOf('there.pdf'), pdf('there'));
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL'), CONTENT);
    const ended = await desk.send(
      campaign,
      external('a@shop.example', file('a.pdf', 'missing.pdf')),
      external('b@shop.example', file('a.pdf', 'there.pdf'), file('b.pdf', 'page.pdf')),
      external('c@shop.example', file('a.pdf', 'half.pdf'), file('b.pdf', 'half.pdf')),
      external('d@shop.example', file('a.pdf', 'there.pdf')),
    );
    assert.deepEqual(
      ended.map(({ state, code }) => [state, code]),
      [
        ['excluded', '050083'],
        ['excluded', '050083'],
        ['excluded', '050083'],
        ['sent', undefined],
      ],
    );
    assert.match(ended[0]!.events.at(-1)!.detail!, /attachments\[0\]: there is no such file/);
    assert.match(ended[1]!.events.at(-1)!.detail!, /attachments\[1\]: the file is not a PDF/);
    assert.match(ended[2]!.events.at(-1)!.detail!, /together are over/);
    assert.equal((await filesOf(ended[3]!)).length, 1);
    assert.deepEqual(ses.takenOf(ended[0]!.messageId), []);
  });

  test('while the bucket is out the message waits, and goes out when it is back', async () => {
    objects.set(keyOf('later.pdf'), { status: 503, body: '<Error><Code>SlowDown</Code></Error>' });
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL'), CONTENT);
    const answer = await stack.trigger({
      requestId: randomUUID(),
      campaignId: campaign,
      recipients: [external('late@shop.example', file('a.pdf', 'later.pdf'))],
    });
    assert.equal(answer.status, 202);
    const { executionId } = answer.body;
    await waitFor('the message to be put off', async () => {
      const { body } = await stack.call('ingress', 'GET', `/ajo/im/executions/${executionId}`);
      return (body.messages as Ended[])[0]!.code === 'transient.attachment' || undefined;
    });
    objects.set(keyOf('later.pdf'), pdf('at last'));
    const [message] = await desk.endedOf(executionId);
    assert.equal(message!.state, 'sent');
    assert.deepEqual(await filesOf(message!), [{ name: 'a.pdf', bytes: pdf('at last') }]);
  });

  test('high throughput sends them too, each mail by itself, and never by the call for many', async () => {
    objects.set(keyOf('fast.pdf'), pdf('fast'));
    const surface = await desk.surface('EMAIL', {}, { highThroughputMode: true });
    const campaign = await desk.campaign('EMAIL', surface, CONTENT, { highThroughputMode: true });
    const recipients = ['a', 'b'].map((name) => external(`${name}@fast.example`, file('fast.pdf', 'fast.pdf')));
    const path = '/ajo/im/executions/highthroughput';
    const answer = await stack.call('ingress', 'POST', path, {
      requestId: randomUUID(),
      campaignId: campaign,
      recipients,
    });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    for (const message of await desk.endedOf(answer.body.executionId)) {
      assert.deepEqual(await filesOf(message), [{ name: 'fast.pdf', bytes: pdf('fast') }]);
    }
  });

  test('the copy for an archive has the files too, and so has a proof those of its draft', async () => {
    objects.set(keyOf('terms.pdf'), pdf('terms'));
    objects.set(keyOf('own.pdf'), pdf('own'));
    const attachments = [file('Terms.pdf', 'terms.pdf')];
    const surface = await desk.surface('EMAIL', { bcc_email: 'all@archive.example' });
    const campaign = await desk.campaign('EMAIL', surface, { ...CONTENT, attachments });
    await desk.send(campaign, external('g@shop.example', file('Own.pdf', 'own.pdf')));
    const takenBy = (to: string) => waitFor(`a mail to ${to}`, () => ses.taken.find((message) => message.to === to));
    const namesOf = async (to: string) => {
      const { raw } = await takenBy(to);
      return (await PostalMime.parse(Buffer.from(raw, 'latin1'))).attachments.map(({ filename }) => filename);
    };
    assert.deepEqual(await namesOf('all@archive.example'), ['Terms.pdf', 'Own.pdf']);
    const draft = await draftOf({ ...CONTENT, attachments });
    const url = `${stack.services.get('control')!.url}/ajo/simulations/campaigns/${draft}/proofs`;
    const channelsData = [{ channel: 'email', emailAddresses: ['proof@shop.example'] }];
    const recipients = [{ userId: 'h@shop.example', namespace: 'email', profile: {}, channelsData }];
    const { headers } = stack.caller;
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ recipients }) });
    assert.ok(answer.ok, await answer.text());
    assert.deepEqual(await namesOf('proof@shop.example'), ['Terms.pdf']);
  });

  test("a path of another sandbox's folder cannot be reached", async () => {
    objects.set(keyOf('secret.pdf', { ...stack.caller.tenant, sandboxName: 'other' }), pdf('secret'));
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL'), CONTENT);
    const [message] = await desk.send(campaign, external('e@shop.example', file('a.pdf', 'secret.pdf')));
    assert.deepEqual([message!.state, message!.code], ['excluded', '050083']);
  });

  test('a sixth file, hostile paths and other kinds are refused at the call, and nothing is sent', async () => {
    objects.set(keyOf('terms.pdf'), pdf('terms'));
    const attachments = [file('Terms.pdf', 'terms.pdf')];
    const campaign = await desk.campaign('EMAIL', await desk.surface('EMAIL'), { ...CONTENT, attachments });
    const before = ses.taken.length;
    const refusal = async (...given: unknown[]) => {
      const recipients = [{ ...external('f@shop.example'), attachments: given }];
      const { status, body } = await stack.trigger({ requestId: randomUUID(), campaignId: campaign, recipients });
      return [status, String(body.type).split('/').at(-1)];
    };
    const five = Array.from({ length: 5 }, (_, n) => file(`${n}.pdf`, 'a.pdf'));
    assert.deepEqual(await refusal(...five), [400, 'MSG-000025-400']);
    assert.deepEqual(await refusal(...five, file('6.pdf', 'a.pdf')), [400, 'MSG-000009-400']);
    for (const path of [
      '../b.pdf',
      'a/../../b.pdf',
      '/etc/passwd',
      'https://evil.example/a.pdf',
      's3://other/a.pdf',
      'a\\..\\b.pdf',
      'a\u0000.pdf',
      'a\nb.pdf',
      '',
      'a//b.pdf',
      'x'.repeat(300),
    ]) {
      assert.deepEqual(await refusal(file('a.pdf', path)), [400, 'MSG-000009-400'], JSON.stringify(path));
    }
    assert.deepEqual(await refusal(file('a/../b.pdf', 'a.pdf')), [400, 'MSG-000009-400']);
    assert.deepEqual(await refusal({ ...file('a.pdf', 'a.pdf'), contentType: 'text/html' }), [400, 'MSG-000009-400']);
    assert.deepEqual(await refusal(file('a.pdf', 'a.pdf', 'url')), [400, 'MSG-000009-400']);
    assert.deepEqual(await refusal(), [400, 'MSG-000009-400']);
    assert.equal(ses.taken.length, before);
  });

  test('calls of SMS and marketing campaigns take no files', async () => {
    const sms = await desk.campaign('SMS', await desk.surface('SMS'), { text: 'Hello' });
    const recipient = { ...external('+46701234567', file('a.pdf', 'a.pdf')), namespace: 'phone' };
    const call = { requestId: randomUUID(), campaignId: sms, recipients: [recipient] };
    const answer = await stack.trigger(call);
    assert.deepEqual([answer.status, String(answer.body.type).split('/').at(-1)], [400, 'MSG-000025-400']);
    const audience = await stack.call('ingress', 'POST', '/ajo/im/executions/audience', {
      requestId: randomUUID(),
      campaignId: sms,
      attachments: [file('a.pdf', 'a.pdf')],
    });
    assert.equal(audience.status, 400);
  });

  test('activation reads the files of the campaign, and says which it cannot send', async () => {
    objects.set(keyOf('page.pdf'), Buffer.from('<html>'));
    objects.set(keyOf('out.pdf'), { status: 503 });
    const attachments = (path: string) => ({ ...CONTENT, attachments: [file('a.pdf', path)] });
    assert.match(
      await refusedAtActivation(attachments('nowhere.pdf')),
      /nowhere\.pdf cannot be read: there is no such file/,
    );
    assert.match(await refusedAtActivation(attachments('page.pdf')), /not a PDF/);
    assert.match(await refusedAtActivation(attachments('out.pdf')), /HTTP 503/);
    objects.set(keyOf('terms.pdf'), pdf('terms'));
    const report = await refusedAtActivation(attachments('terms.pdf'), { category: 'Marketing' });
    assert.match(report, /attachment_marketing/);
  });

  test('a sixth file and a path that leads out are refused with the draft', async () => {
    const surface = { surfaceId: await desk.surface('EMAIL'), surfaceType: 'brandingPresetId' };
    for (const attachments of [
      Array.from({ length: 6 }, () => file('a.pdf', 'a.pdf')),
      [file('a.pdf', '../a.pdf')],
      [file('a.pdf', 'https://evil.example/a.pdf')],
    ]) {
      const { status } = await stack.call('control', 'POST', '/campaigns', {
        name: randomUUID(),
        category: 'Transactional',
        packages: [{ channel: 'EMAIL', attributes: { surface }, content: { ...CONTENT, attachments } }],
      });
      assert.equal(status, 400);
    }
  });
});
