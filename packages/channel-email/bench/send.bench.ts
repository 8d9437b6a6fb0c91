/**
 * CPU microseconds a message of handing emails to SES, by `process.cpuUsage`: the AWS SDK against our own signed requests, with
 * the demo order mail. Run by hand: `node packages/channel-email/bench/send.bench.ts`. Medians of rounds, taken in turns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { EmailMessage } from '@outrigger/core';
import { compileContent, htmlToTextSource, loadContent } from '@outrigger/render';
import { composeEmail } from '../src/channel.ts';
import { buildMime } from '../src/mime.ts';
import { sesConfig } from '../src/providers/ses/config.ts';
import { createSesProvider } from '../src/providers/ses/send.ts';

const ROUNDS = 7;
const MESSAGES = 1_500;
const IN_FLIGHT = 32;
const BULK = 50;

const server = spawn(process.execPath, [new URL('answering-server.ts', import.meta.url).pathname], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [port] = (await once(server.stdout, 'data')) as [Buffer];
const endpoint = `http://127.0.0.1:${port.toString().trim()}`;

const read = (name: string) => readFileSync(new URL(`../../render/fixtures/${name}`, import.meta.url), 'utf8');
const data = JSON.parse(read('order-confirmation.json'));
const mjml = read('order-confirmation.mjml');
const html = await compileContent({ html: { format: 'mjml', escape: 'html', source: mjml } });
const content = await compileContent({
  subject: { format: 'liquid', escape: 'none', singleLine: true, source: 'Your order {{ context.order.number }}' },
  html: { format: 'mjml', escape: 'html', source: mjml },
  text: { format: 'liquid', escape: 'none', source: htmlToTextSource(html.compiled!.parts.html!.source) },
});
const version = loadContent(content.compiled!);

function compose(index: number): EmailMessage {
  const rendered = version.render(data);
  if ('failed' in rendered) throw new Error(rendered.failed.message);
  const composed = composeEmail({
    messageId: `m-${index}`,
    target: { address: `ada${index}@example.com` },
    settings: { from_name: 'Shop', from_email: 'shop@example.org' },
    category: 'transactional',
    parts: { ...rendered.parts, 'header:List-Unsubscribe': '<https://example.org/u/1>' },
    pieces: rendered.pieces,
    content: {},
  });
  if ('failed' in composed) throw new Error(composed.detail);
  return composed.message;
}

const config = sesConfig.parse({
  EMAIL_PROVIDER: 'ses',
  SES_REGION: 'eu-central-1',
  SES_ENDPOINT: endpoint,
  SES_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  SES_SECRET_ACCESS_KEY: 'not-a-secret',
});
const provider = createSesProvider(config);
const sdk = new SESv2Client({
  region: 'eu-central-1',
  endpoint,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' },
  maxAttempts: 1,
});

async function throughSdk(message: EmailMessage, raw: Buffer): Promise<void> {
  await sdk.send(
    new SendEmailCommand({
      FromEmailAddress: message.from.address,
      Destination: { ToAddresses: [message.to] },
      Content: { Raw: { Data: raw } },
      EmailTags: [{ Name: 'outrigger_message_id', Value: message.messageId }],
    }),
  );
}

async function throughOurs(message: EmailMessage): Promise<void> {
  const result = await provider.send(message, AbortSignal.timeout(10_000));
  if (result.kind !== 'accepted') throw new Error(JSON.stringify(result));
}

async function throughBulk(first: number): Promise<void> {
  const messages = Array.from({ length: BULK }, (_, n) => compose(first + n));
  const results = await provider.many!.send(messages, AbortSignal.timeout(10_000));
  for (const result of results) if (result.kind !== 'accepted') throw new Error(JSON.stringify(result));
}

const SUBJECTS: Record<string, (index: number) => Promise<void> | void> = {
  'render and compose': (index) => void compose(index),
  'render, compose, MIME': (index) => void buildMime(compose(index), new Date()),
  'render, compose, MIME, AWS SDK': (index) => {
    const message = compose(index);
    return throughSdk(message, buildMime(message, new Date()));
  },
  'render, compose, MIME, own request': (index) => throughOurs(compose(index)),
  'render, compose, bulk calls of 50': (index) => (index % BULK === 0 ? throughBulk(index) : undefined),
};

async function measure(send: (index: number) => Promise<void> | void): Promise<number> {
  let next = 0;
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < MESSAGES) await send(next++);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MESSAGES;
}

const rounds = Object.fromEntries(Object.keys(SUBJECTS).map((name) => [name, [] as number[]]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, send] of Object.entries(SUBJECTS)) {
    const cost = await measure(send);
    // The first round warms up.
    if (round > 0) rounds[name]!.push(cost);
  }
}
const bytes = buildMime(compose(0), new Date()).length;
console.log(`CPU us a message, order mail of ${bytes} bytes raw, medians of ${ROUNDS} rounds of ${MESSAGES}:`);
for (const [name, costs] of Object.entries(rounds)) {
  const median = costs.sort((one, other) => one - other)[Math.floor(costs.length / 2)]!;
  console.log(`${median.toFixed(0).padStart(6)}  ${name}`);
}
await provider.close();
sdk.destroy();
server.kill();
