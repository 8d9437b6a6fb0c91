import { CHANNELS, type Channel, isUuid, refuse } from '@outrigger/core';
import { sendRefusal } from '@outrigger/runtime';
import { listSandboxRecords, type Pool, readSandboxRecord, type StoredSandboxRecord } from '@outrigger/store';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { pathParameter } from './context.ts';
import { sandboxListPage, sandboxRecordPage } from './sandbox-page.ts';

const LIST_LIMIT = 100;

/**
 * The sandbox viewer: what the sandbox providers kept. It shows every tenant's messages without a key, so the service
 * mounts it only when its configuration says so (the local start does).
 */
export function sandboxRoutes(pool: Pool): Router {
  const router = Router({ caseSensitive: true });
  router.get('/', async (_req, res) =>
    sendHtml(res, sandboxListPage(await listSandboxRecords(pool, { limit: LIST_LIMIT }))),
  );
  router.get('/messages', async (req, res) => {
    const { channel, messageId } = req.query;
    if (messageId !== undefined && !(typeof messageId === 'string' && isUuid(messageId))) {
      sendRefusal(res, refuse('MSG-000009', 'messageId must be the id of a message.'));
      return;
    }
    if (channel !== undefined && !CHANNELS.includes(channel as Channel)) {
      sendRefusal(res, refuse('MSG-000009', `channel must be one of ${CHANNELS.join(', ')}.`));
      return;
    }
    const records = await listSandboxRecords(pool, {
      limit: LIST_LIMIT,
      ...(channel !== undefined && { channel: channel as Channel }),
      ...(messageId !== undefined && { messageId }),
    });
    res.json({ data: records });
  });
  router.get(
    '/messages/:recordId',
    withRecord(pool, (res, record) => res.json(record)),
  );
  router.get(
    '/messages/:recordId/view',
    withRecord(pool, (res, record) => sendHtml(res, sandboxRecordPage(record))),
  );
  router.get(
    '/messages/:recordId/html',
    withRecord(pool, (res, record) => sendHtml(res, String(record.content.html ?? ''))),
  );
  router.get(
    '/messages/:recordId/text',
    withRecord(pool, (res, record) => res.type('text/plain').send(String(record.content.text ?? ''))),
  );
  router.get(
    '/messages/:recordId/raw',
    withRecord(pool, (res, record) => res.type('text/plain').send(String(record.content.raw ?? ''))),
  );
  return router;
}

function withRecord(pool: Pool, answer: (res: Response, record: StoredSandboxRecord) => unknown): RequestHandler {
  return async (req: Request, res: Response) => {
    const recordId = pathParameter(req, 'recordId');
    const record = /^\d{1,18}$/.test(recordId) ? await readSandboxRecord(pool, recordId) : undefined;
    if (record) answer(res, record);
    else sendRefusal(res, refuse('MSG-000404', 'There is no such sandbox record.'));
  };
}

/** Rendered mail is shown without scripts and without reaching out, whatever is in it. */
function sendHtml(res: Response, html: string): void {
  res.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-src 'self'",
  );
  res.setHeader('x-content-type-options', 'nosniff');
  res.type('html').send(html);
}
