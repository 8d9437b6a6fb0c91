import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createWebhook, deleteWebhook, ensurePartitions, ensureTenant } from '@outrigger/store';
import { findFreePort, openTestLedger } from '@outrigger/testkit';
import dns2 from 'dns2';
import { examine, examineDomain, type Finding } from '../src/index.ts';

const ledger = await openTestLedger();
const nowhere = `http://127.0.0.1:${await findFreePort()}`;

/** The records of a small world, served by a real name server. */
const RECORDS: Record<string, string[]> = {
  'TXT good.example': ['v=spf1 include:amazonses.com -all', 'something else'],
  'TXT s1._domainkey.good.example': ['v=DKIM1; p=MIGfMA0GCSq'],
  'TXT _dmarc.good.example': ['v=DMARC1; p=reject'],
  'MX good.example': ['mail.good.example'],
  'TXT open.example': ['v=spf1 +all'],
  'TXT s1._domainkey.open.example': ['v=DKIM1; p='],
  'TXT _dmarc.open.example': ['v=DMARC1; p=none'],
  'TXT _dmarc.org.example': ['v=DMARC1; p=quarantine'],
  'TXT twice.example': ['v=spf1 -all', 'v=spf1 ~all'],
};

type Answering = { answers: object[] };

describe('a sending domain', () => {
  let server: ReturnType<typeof dns2.createServer>;
  let dns: Resolver;
  before(async () => {
    server = dns2.createServer({
      udp: true,
      handle(request, send) {
        const response = dns2.Packet.createResponseFromRequest(request) as unknown as Answering;
        const [{ name, type }] = request.questions as unknown as [{ name: string; type: number }];
        const kind = type === dns2.Packet.TYPE.TXT ? 'TXT' : 'MX';
        for (const data of RECORDS[`${kind} ${name}`] ?? []) {
          const record = { name, type, class: dns2.Packet.CLASS.IN, ttl: 1 };
          response.answers.push(kind === 'TXT' ? { ...record, data } : { ...record, exchange: data, priority: 10 });
        }
        send(response as never);
      },
    });
    const port = await findFreePort();
    await server.listen({ udp: { port, address: '127.0.0.1' } } as never);
    dns = new Resolver({ timeout: 2_000, tries: 1 });
    dns.setServers([`127.0.0.1:${port}`]);
  });
  after(() => server.close());

  const verdicts = async (domain: string, selectors: string[]) =>
    (await examineDomain(domain, selectors, dns)).map(({ verdict, says }) => `${verdict}: ${says}`);

  test('with SPF, DKIM, DMARC and MX is good', async () => {
    assert.deepEqual(await verdicts('good.example', ['s1']), [
      'good: SPF: v=spf1 include:amazonses.com -all',
      'good: DKIM: s1 has a key.',
      'good: DMARC: v=DMARC1; p=reject',
      'good: MX: mail.good.example',
    ]);
  });

  test('that lets everybody send, has a revoked key and asks for nothing is told so', async () => {
    const found = await verdicts('open.example', ['s1', 's2']);
    assert.match(found[0]!, /^problem: .*\+all/);
    assert.match(found[1]!, /^problem: DKIM: the key of s1 was revoked/);
    assert.match(found[2]!, /^problem: DKIM: there is no key at s2\._domainkey\.open\.example/);
    assert.match(found[3]!, /^warning: DMARC: p=none/);
    assert.match(found[4]!, /^warning: There is no MX/);
  });

  test('two SPF records are an error, and none is a warning', async () => {
    assert.match((await verdicts('twice.example', []))[0]!, /^problem: There are 2 SPF records/);
    assert.match((await verdicts('nothing.example', []))[0]!, /^warning: There is no SPF record/);
  });

  test('a subdomain has the DMARC policy of its organisation', async () => {
    assert.ok((await verdicts('mail.org.example', ['s1'])).includes('good: DMARC: v=DMARC1; p=quarantine'));
  });

  test('a name server that does not answer is a finding and not a failure', async () => {
    const silent = new Resolver({ timeout: 100, tries: 1 });
    silent.setServers([`127.0.0.1:${await findFreePort()}`]);
    for (const finding of await examineDomain('good.example', ['s1'], silent)) {
      assert.equal(finding.verdict, 'warning');
      assert.match(finding.says, /DNS did not answer/);
    }
  });
});

describe('an installation', () => {
  let receiver: Server;
  let receiverUrl: string;
  before(async () => {
    receiver = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(301, { location: '/' }).end();
      else if (request.url === '/readyz')
        response.writeHead(503, { 'content-type': 'application/json' }).end('{"dependencies":{"postgres":"down"}}');
      else response.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  });
  after(() => receiver.close());

  const examineWith = (env: Record<string, string>, more: { webhookUrls?: string[]; services?: object } = {}) =>
    examine({
      env,
      domains: [],
      dkimSelectors: [],
      webhookUrls: more.webhookUrls ?? [],
      services: (more.services ?? {}) as Record<string, string>,
      dns: new Resolver(),
    });
  const of = (findings: Finding[], subject: RegExp) => findings.filter((finding) => subject.test(finding.subject));
  const environment = { DATABASE_URL: ledger.databaseUrl, DATABASE_SCHEMA: ledger.schema };

  test('that is in order has no problem, and the sandbox is a warning for each channel', async () => {
    const findings = await examineWith(environment);
    assert.deepEqual(
      of(findings, /ledger/).filter(({ verdict }) => verdict !== 'good'),
      [],
    );
    assert.ok(of(findings, /ledger/).length >= 5);
    assert.deepEqual(
      of(findings, /provider sandbox/).map(({ verdict }) => verdict),
      ['warning', 'warning', 'warning'],
    );
  });

  test('in which one table has no partition for tomorrow is told so', async () => {
    const tomorrow = new Date(Date.now() + 24 * 60 * 60_000).toISOString().slice(0, 10).replaceAll('-', '');
    await ledger.pool.query(`DROP TABLE bundles_${tomorrow}`);
    const bad = of(await examineWith(environment), /ledger/).filter(({ verdict }) => verdict !== 'good');
    assert.match(bad[0]!.says, /Tomorrow's partitions are missing/);
    await ensurePartitions(ledger.pool, Date.now());
    assert.ok(of(await examineWith(environment), /ledger/).every(({ verdict }) => verdict === 'good'));
  });

  test('with an empty schema is told to migrate, and nothing else of it', async () => {
    const findings = await examineWith({ ...environment, DATABASE_SCHEMA: 'nobody_was_here' });
    assert.equal(of(findings, /ledger/).filter(({ verdict }) => verdict !== 'good').length, 1);
    assert.ok(
      of(findings, /ledger/).some(({ verdict, says }) => verdict === 'problem' && /no tables of ours/.test(says)),
    );
  });

  test('without ledger, queue store, provider and service names each of them, and no password', async () => {
    const findings = await examineWith(
      {
        DATABASE_URL: `postgres://user:hidden-word@127.0.0.1:${await findFreePort()}/x`,
        QUEUE_URL: `redis://user:hidden-word@127.0.0.1:${await findFreePort()}`,
        EMAIL_PROVIDER: 'ses',
        SES_REGION: 'eu-central-1',
        SES_ENDPOINT: nowhere,
        SES_ACCESS_KEY_ID: 'x',
        SES_SECRET_ACCESS_KEY: 'hidden-word',
        SMS_PROVIDER: 'pigeon',
      },
      { services: { ingress: nowhere, control: receiverUrl } },
    );
    assert.match(of(findings, /^queues/)[0]!.says, /ECONNREFUSED/);
    for (const subject of [/^ledger/, /^queues/, /^email provider ses/, /^sms provider/, /^ingress/, /^control/]) {
      assert.ok(
        of(findings, subject).some(({ verdict, todo }) => verdict === 'problem' && todo),
        String(subject),
      );
    }
    assert.match(of(findings, /^control/)[0]!.says, /it lacks postgres/);
    assert.doesNotMatch(JSON.stringify(findings), /hidden-word/);
  });

  test('webhooks: one answers, one redirects, one is not there', async () => {
    const findings = await examineWith(environment, {
      webhookUrls: [receiverUrl, `${receiverUrl}/moved`, nowhere, 'ftp://x'],
    });
    assert.deepEqual(
      of(findings, /^webhook/).map(({ verdict }) => verdict),
      ['warning', 'problem', 'problem', 'problem'],
    );
  });

  test('with a webhook that no gateway looks after says so', async () => {
    const { tenantId } = await ensureTenant(ledger.pool, 'org', 'dev');
    const settings = { name: 'Shop', url: 'https://hooks.shop.example/', channels: ['email'], events: ['sent'] };
    const open = { authentication: 'none', secret: null, headers: {} } as const;
    await createWebhook(ledger.pool, tenantId, { ...settings, ...open }, 'test');
    const [untold, ...more] = of(await examineWith(environment), /^webhooks/);
    assert.deepEqual([untold!.verdict, more], ['warning', []]);
    assert.match(untold!.says, /1 of 1 are looked after by no gateway/);
    await deleteWebhook(ledger.pool, tenantId, 'test');
    assert.deepEqual(of(await examineWith(environment), /^webhooks/), []);
  });

  const redisUrl = process.env.TEST_REDIS_URL;
  test('a Redis made for queues is good', {
    skip: redisUrl ? false : 'did not run: TEST_REDIS_URL is not set',
  }, async () => {
    const findings = of(await examineWith({ ...environment, QUEUE_URL: redisUrl! }), /^queues/);
    assert.ok(findings.length >= 4);
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict !== 'good'),
      [],
    );
  });
});
