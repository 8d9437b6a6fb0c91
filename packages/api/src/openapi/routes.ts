import type { Express } from 'express';
import { z } from 'zod';
import { openRoute } from '../describe.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import { operationsOf } from './operations.ts';
import { openApiPage } from './page.ts';

/** What a page of ours may do: show itself. No script, nothing from elsewhere. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * `GET /openapi.json` and `GET /docs`: what this service serves, for machines and for people. Both are read from the
 * routes themselves, once, when first asked for.
 */
export function addOpenApiRoutes(app: Express): void {
  let document: OpenApiDocument | undefined;
  const read = () => {
    document ??= openApiDocument(operationsOf(app).operations);
    return document;
  };
  app.get(
    '/openapi.json',
    openRoute(
      {
        group: 'Description',
        summary: 'This description, as an OpenAPI 3.1 document',
        answers: { 200: z.looseObject({}) },
      },
      (_req, res) => {
        res.json(read());
      },
    ),
  );
  app.get(
    '/docs',
    openRoute(
      { group: 'Description', summary: 'This description, as a page', answers: { 200: 'text/html' } },
      (_req, res) => {
        res.setHeader('content-security-policy', PAGE_POLICY);
        res.setHeader('x-content-type-options', 'nosniff');
        res.type('html').send(openApiPage(read()));
      },
    ),
  );
}
