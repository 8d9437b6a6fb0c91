import { contentPatch, type TemplateInput, templateInput } from '@outrigger/contracts';
import { isUuid, type JsonValue, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  type ContentTemplate,
  deleteTemplate,
  insertTemplate,
  listTemplates,
  type Pool,
  readTemplate,
  saveTemplate,
  TEMPLATE_FILTERS,
} from '@outrigger/store';
import { Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { contentListBody, etagOf, patchDescription, readContentQuery, readIfMatch } from './content-access.ts';
import * as describe from './content-descriptions.ts';
import { type Answer, type Handler, pathParameter, route } from './context.ts';

type Use = (template: ContentTemplate, call: Parameters<Handler>[0]) => Promise<Answer>;

/** Content templates (spec 4.4): kept for authors to begin from; no campaign refers to one. */
export function templateRoutes({ pool, authenticate }: { pool: Pool; authenticate: Authenticator }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const found =
    (use: Use): Handler =>
    async (call) => {
      const templateId = pathParameter(call.req, 'templateId');
      const template = isUuid(templateId) && (await readTemplate(pool, call.caller.tenant.tenantId, templateId));
      return template ? use(template, call) : { refusal: refuse('CNT-000001') };
    };

  router.get(
    '/templates',
    route(authenticate, 'read', describe.LIST_TEMPLATES, async ({ caller, req }) => {
      const query = readContentQuery(req, Object.keys(TEMPLATE_FILTERS));
      if ('refusal' in query) return query;
      const rows = await listTemplates(pool, caller.tenant.tenantId, query.page);
      const path = `${req.baseUrl}${req.path}`;
      return { status: 200, body: contentListBody(rows, query, path, (one) => one.templateId, templateBody) };
    }),
  );
  router.post(
    '/templates',
    route(authenticate, 'manage', describe.CREATE_TEMPLATE, async ({ caller, body }) => {
      const parsed = parseClosed(templateInput, body, 'the template');
      if ('refusal' in parsed) return parsed;
      const owner = { tenantId: caller.tenant.tenantId, by: caller.keyId };
      return shown(await insertTemplate(pool, { ...writtenOf(parsed.value), ...owner }), 201);
    }),
  );
  router.get(
    '/templates/:templateId',
    route(
      authenticate,
      'read',
      describe.READ_TEMPLATE,
      found(async (one) => shown(one)),
    ),
  );
  router.put(
    '/templates/:templateId',
    route(
      authenticate,
      'manage',
      describe.REPLACE_TEMPLATE,
      found((one, call) =>
        save(one, call, (body) => {
          const parsed = parseClosed(templateInput, body, 'the template');
          return 'refusal' in parsed ? parsed : writtenOf(parsed.value);
        }),
      ),
    ),
  );
  router.patch(
    '/templates/:templateId',
    route(
      authenticate,
      'manage',
      describe.PATCH_TEMPLATE,
      found((one, call) =>
        save(one, call, (body) => {
          const parsed = parseClosed(contentPatch, body, 'the patch');
          return 'refusal' in parsed ? parsed : patchDescription(one, parsed.value);
        }),
      ),
    ),
  );
  router.delete(
    '/templates/:templateId',
    route(
      authenticate,
      'manage',
      describe.DELETE_TEMPLATE,
      found(async ({ tenantId, templateId }) =>
        (await deleteTemplate(pool, tenantId, templateId)) ? { status: 204 } : { refusal: refuse('CNT-000001') },
      ),
    ),
  );

  async function save(
    template: ContentTemplate,
    { caller, req, body }: Parameters<Handler>[0],
    change: (body: JsonValue) => Partial<ContentTemplate> | Extract<Answer, { refusal: unknown }>,
  ): Promise<Answer> {
    const unmatched = readIfMatch(req, template.revision);
    if (unmatched) return unmatched;
    const changed = change(body);
    if ('refusal' in changed) return changed;
    const saved = await saveTemplate(pool, template, { ...template, ...changed }, caller.keyId);
    return saved ? shown(saved) : { refusal: refuse('CNT-000002') };
  }
  return router;
}

function writtenOf(input: TemplateInput) {
  const { name, description, templateType, channels, source, parentFolderId, template } = input;
  return {
    name,
    description,
    templateType,
    channel: channels[0]!,
    origin: source.origin,
    parentFolderId: parentFolderId ?? null,
    content: template,
  };
}

const shown = (template: ContentTemplate, status = 200): Answer => ({
  status,
  body: templateBody(template),
  headers: { etag: etagOf(template.revision) },
});

function templateBody(template: ContentTemplate) {
  const { parentFolderId } = template;
  return {
    id: template.templateId,
    name: template.name,
    description: template.description,
    templateType: template.templateType,
    channels: [template.channel],
    source: { origin: template.origin },
    template: template.content,
    ...(parentFolderId && { parentFolderId }),
    createdAt: template.createdAt.toISOString(),
    createdBy: template.createdBy,
    modifiedAt: template.modifiedAt.toISOString(),
    modifiedBy: template.modifiedBy,
  };
}
