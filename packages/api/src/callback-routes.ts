import { type Refusal, refuse } from '@outrigger/core';
import { readBody, sendRefusal } from '@outrigger/runtime';
import { type RequestHandler, Router } from 'express';
import { pathParameter } from './context.ts';
import { openRoute, type RouteDescription } from './describe.ts';

/** What a callback address makes of a body: the word that answers it once it is safe, or a refusal. */
export type ReceiveCallback = (body: string) => Promise<{ done: string } | { refusal: Refusal }>;

/** SNS takes 256 kB, and escaping in its envelope may double that; nothing a provider sends is larger. */
const LARGEST_BYTES = 1_048_576;

const CALLBACK: RouteDescription = {
  group: 'Callbacks',
  summary: 'Where providers report what became of messages, signed by Amazon SNS',
  details:
    'Served by the gateway. There are no keys: what comes in proves by its signature who sent it. 200 is answered after it is on disk.',
  path: { provider: 'ses or sns', account: 'An account of CALLBACK_SOURCES' },
  answers: { 200: 'text/plain' },
  errors: ['FBK-000001', 'FBK-000002', 'FBK-000003', 'FBK-000004', 'FBK-000005', 'MSG-000404', 'MSG-000413'],
};

/** `POST /callbacks/{provider}/{account}`: `receivers` holds the addresses that exist, as `<provider>/<account>`. */
export function callbackRoutes(receivers: ReadonlyMap<string, ReceiveCallback>): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.post('/:provider/:account', openRoute(CALLBACK, callback(receivers)));
  return router;
}

function callback(receivers: ReadonlyMap<string, ReceiveCallback>): RequestHandler {
  return async (req, res) => {
    const receive = receivers.get(`${pathParameter(req, 'provider')}/${pathParameter(req, 'account')}`);
    if (!receive) {
      sendRefusal(res, refuse('MSG-000404', 'There is no such callback address.'));
      return;
    }
    // The media type is not looked at: SNS sends JSON as text/plain.
    const tooLarge = Number(req.headers['content-length'] ?? 0) > LARGEST_BYTES;
    const read = tooLarge ? { refusal: refuse('MSG-000413') } : await readBody(req, LARGEST_BYTES);
    if (res.headersSent) return;
    const answer = 'refusal' in read ? read : await receive(read.body.toString('utf8'));
    if ('refusal' in answer) {
      sendRefusal(res, answer.refusal);
      return;
    }
    res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    res.end(answer.done);
  };
}
