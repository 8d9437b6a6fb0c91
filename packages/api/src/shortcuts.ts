import type { RequestListener } from 'node:http';
import { answerFailure, beginAnswer, type Log } from '@outrigger/runtime';
import type { Express, Request, RequestHandler, Response } from 'express';
import { operationsOf } from './openapi/operations.ts';

/**
 * Express's way to a route costs more than all our checks of a call together. So calls to these paths, spelt just so, go
 * straight to the handler that Express's own tables have for them; any other request goes the usual way. Such a handler must not
 * use what Express adds to a request (`params`, `query`).
 */
export function withShortcuts(app: Express, log: Log, paths: readonly string[]): RequestListener {
  const handlers = new Map<string, RequestHandler>();
  for (const { method, path, handler } of operationsOf(app).operations) {
    if (method === 'post' && paths.includes(path)) handlers.set(path, handler);
  }
  const missing = paths.filter((path) => !handlers.has(path));
  if (missing.length > 0) throw new Error(`no route takes POST ${missing.join(', ')}`);

  return (req, res) => {
    const path = req.url!;
    const handler = req.method === 'POST' ? handlers.get(path) : undefined;
    if (!handler || req.headers.host === undefined) {
      app(req, res);
      return;
    }
    beginAnswer(req, res, () => path);
    const fail = (error: unknown) => answerFailure(error, req, res, { route: path, log });
    // An answer of Express has more methods; `route` and the refusals use those of Node alone.
    Promise.resolve(handler(req as Request, res as Response, fail)).catch(fail);
  };
}
