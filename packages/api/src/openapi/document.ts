import { apiError, webhookEvent } from '@outrigger/contracts';
import { API_ERRORS } from '@outrigger/core';
import type { z } from 'zod';
import type { RouteDescription } from '../describe.ts';
import { errorsOf } from './errors.ts';
import { createSchemaWriter, type JsonSchema } from './json-schema.ts';
import type { Operation } from './operations.ts';

export type OpenApiDocument = {
  openapi: string;
  info: { title: string; version: string; description: string };
  security: object[];
  tags: { name: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  /** What we post, and to what answers. */
  webhooks: Record<string, object>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: object };
};
export type OpenApiParameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
};
export type OpenApiContent = Record<string, { schema: JsonSchema }>;
export type OpenApiOperation = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security?: object[];
  'x-scope'?: string;
  parameters: OpenApiParameter[];
  requestBody?: { required: boolean; content: OpenApiContent; description: string };
  responses: Record<string, { description: string; content?: OpenApiContent }>;
};
type Write = (schema: z.ZodType, io: 'input' | 'output') => JsonSchema;

const TENANT_HEADERS: [string, string][] = [
  ['x-api-key', 'Id of the API key, or of the client that a token was issued to.'],
  ['x-gw-ims-org-id', 'The organisation that the call is for.'],
  ['x-sandbox-name', 'The sandbox (workspace) that the call is for.'],
];

/** The OpenAPI 3.1 document of these operations. Throws when a description cannot be right. */
export function openApiDocument(operations: Operation[]): OpenApiDocument {
  const { write, components } = createSchemaWriter();
  const paths: OpenApiDocument['paths'] = {};
  const ids = new Set<string>();
  for (const operation of operations) {
    const item = operationItem(operation, write);
    if (ids.has(item.operationId)) throw new Error(`two routes would be called ${item.operationId}`);
    ids.add(item.operationId);
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method] = item;
  }
  const groups = new Set(operations.map(({ description }) => description.group));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Outrigger',
      version: '0.1.0',
      description: 'API-triggered campaigns: triggers, their accounts, and everything that decides who gets what.',
    },
    security: [{ bearer: [] }],
    tags: [...groups].map((name) => ({ name })),
    paths,
    webhooks: { messageFeedback: { post: webhookOperation(write) } },
    components: {
      schemas: Object.fromEntries([...components].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The secret of the API key, or a JWT of the issuer.' },
      },
    },
  };
}

/** The posts that a sandbox's webhook gets (docs/webhooks.md). */
function webhookOperation(write: Write): object {
  return {
    operationId: 'messageFeedback',
    summary: 'What became of a message; posted to the webhook of the sandbox',
    security: [],
    parameters: [
      {
        name: 'x-webhook-id',
        in: 'header',
        required: true,
        description: 'Names the event: the same id again is the same event again',
        schema: { type: 'string' },
      },
    ],
    requestBody: { required: true, content: { 'application/json': { schema: write(webhookEvent, 'output') } } },
    responses: { '2XX': { description: 'Taken. Anything else is posted again.' } },
  };
}

function operationItem(operation: Operation, write: Write): OpenApiOperation {
  const { method, path, scope, description } = operation;
  const { group, summary, details, body, upload } = description;
  return {
    operationId: operationId(method, path),
    tags: [group],
    summary,
    ...(details && { description: details }),
    ...(scope === null ? { security: [] } : { 'x-scope': scope }),
    parameters: parametersOf(operation, write),
    ...(body && requestBody('application/json', write(body.schema, 'input'), body.limitBytes)),
    ...(upload && requestBody('multipart/form-data', write(upload.schema, 'input'), upload.limitBytes)),
    responses: {
      ...Object.fromEntries(Object.entries(description.answers).map((answer) => responseOf(answer, write))),
      ...errorResponses(operation, write),
    },
  };
}

/** `GET /ajo/im/executions/{executionId}` is `getImExecutionsByExecutionId`; the base of a service says nothing. */
function operationId(method: string, path: string): string {
  const steps = path.replace(/^\/(ajo|journey\/campaigns\/service)\//, '').split(/[/-]/);
  const named = steps.map((step) => step.replace(/^\{(.+)\}$/, (_all, name: string) => `By${capital(name)}`));
  return (
    method +
    named
      .map(capital)
      .join('')
      .replace(/[^A-Za-z0-9]/g, '')
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function parametersOf({ path, scope, description }: Operation, write: Write): OpenApiParameter[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]): OpenApiParameter => {
    const text = description.path?.[name!];
    return { name: name!, in: 'path', required: true, ...(text && { description: text }), schema: { type: 'string' } };
  });
  const inHeaders = (scope === null ? [] : TENANT_HEADERS).map(
    ([name, text]): OpenApiParameter => ({
      name,
      in: 'header',
      required: true,
      description: text,
      schema: { type: 'string' },
    }),
  );
  return [...inPath, ...(description.query ? queryParameters(description.query, write) : []), ...inHeaders];
}

function queryParameters(query: NonNullable<RouteDescription['query']>, write: Write): OpenApiParameter[] {
  const { properties = {}, required = [] } = write(query, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(typeof description === 'string' && { description }),
    schema,
  }));
}

function requestBody(mediaType: string, schema: JsonSchema, limitBytes: number) {
  const description = `At most ${limitBytes.toLocaleString('en')} bytes.`;
  return { requestBody: { required: true, description, content: { [mediaType]: { schema } } } };
}

const STATUS_TEXT: Record<string, string> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted.',
  204: 'Done; there is nothing to show.',
};

function responseOf(
  [status, answer]: [string, z.ZodType | string | null],
  write: Write,
): [string, OpenApiOperation['responses'][string]] {
  const description = STATUS_TEXT[status] ?? 'An answer.';
  if (answer === null) return [status, { description }];
  if (typeof answer === 'string')
    return [status, { description, content: { [answer]: { schema: { type: 'string' } } } }];
  return [status, { description, content: { 'application/json': { schema: write(answer, 'output') } } }];
}

function errorResponses(operation: Operation, write: Write): OpenApiOperation['responses'] {
  const schema = write(apiError, 'output');
  const responses: OpenApiOperation['responses'] = {};
  for (const [status, codes] of errorsOf(operation)) {
    const description = codes.map((code) => `\`${code}\` ${API_ERRORS[code].title}`).join('\n');
    responses[status] = { description, content: { 'application/json': { schema } } };
  }
  return responses;
}
