/**
 * The pipeline that one writes first, for comparison: `node naive-main.ts api` and `node naive-main.ts worker`. Express, a BullMQ
 * job a recipient, LiquidJS (and MJML) in the job, the AWS SDK with its defaults. It keeps no ledger, knows no idempotency,
 * suppression, rates, retries by outcome or account of anything: it does less, and that in its favour.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SESClient, SendEmailCommand } from '@aws-sdk/client-ses';
import { Queue, Worker } from 'bullmq';
import express from 'express';
import { createNaiveRenderer, type NaiveTemplates } from './naive-render.ts';

type Recipient = { userId: string; context: object };

const connection = { url: process.env.QUEUE_URL! };
const ready = () => console.log('{"event":"service.ready"}');

if (process.argv[2] === 'api') {
  const queue = new Queue<Recipient>('email', {
    connection,
    defaultJobOptions: { removeOnComplete: true, attempts: 3 },
  });
  const app = express();
  app.use(express.json({ limit: '1mb' }));
  app.post('/ajo/im/executions/:endpoint', async (request, response) => {
    const { requestId, recipients } = request.body as { requestId: string; recipients: Recipient[] };
    if (typeof requestId !== 'string' || !Array.isArray(recipients)) {
      response.status(400).json({ error: 'requestId and recipients are needed' });
      return;
    }
    await queue.addBulk(recipients.map((data) => ({ name: 'email', data })));
    response.status(202).json({ executionId: `HUMA-${randomUUID()}`, requestId });
  });
  app.listen(Number(process.env.PORT), '127.0.0.1', ready);
} else {
  const templates = JSON.parse(readFileSync(process.env.TEMPLATES!, 'utf8')) as NaiveTemplates;
  const render = createNaiveRenderer(templates);
  const ses = new SESClient({
    region: 'eu-central-1',
    endpoint: process.env.SES_ENDPOINT!,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });
  const worker = new Worker<Recipient>(
    'email',
    async ({ data }) => {
      const { subject, html, text } = await render(data.context);
      await ses.send(
        new SendEmailCommand({
          Source: 'Nordlys <orders@shop.example>',
          Destination: { ToAddresses: [data.userId] },
          Message: { Subject: utf8(subject), Body: { Html: utf8(html), Text: utf8(text) } },
        }),
      );
    },
    { connection, concurrency: 50 },
  );
  await worker.waitUntilReady();
  ready();
  process.on('SIGTERM', () => void worker.close().then(() => process.exit(0)));
}
process.on('SIGTERM', () => process.argv[2] === 'api' && process.exit(0));
