import { publishFragment } from '@outrigger/authoring';
import {
  contentPatch,
  type FragmentInput,
  fragmentArchive,
  fragmentInput,
  fragmentPublication,
} from '@outrigger/contracts';
import { isUuid, type JsonValue, refuse } from '@outrigger/core';
import type { Authenticator } from '@outrigger/pipeline';
import {
  FRAGMENT_FILTERS,
  type Fragment,
  type FragmentContent,
  insertFragment,
  listFragments,
  type Pool,
  readFragment,
  readPropagation,
  saveFragment,
} from '@outrigger/store';
import { Router } from 'express';
import { parseClosed } from './closed-input.ts';
import { contentListBody, etagOf, patchDescription, readContentQuery, readIfMatch } from './content-access.ts';
import * as describe from './content-descriptions.ts';
import { type Answer, type Handler, pathParameter, route } from './context.ts';

type Use = (fragment: Fragment, call: Parameters<Handler>[0]) => Promise<Answer>;

/** Fragments (spec 4.4). There is no DELETE: campaigns may use them, so they are archived. */
export function fragmentRoutes({ pool, authenticate }: { pool: Pool; authenticate: Authenticator }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const found =
    (use: Use): Handler =>
    async (call) => {
      const fragment = await ofTenant(call.caller.tenant.tenantId, pathParameter(call.req, 'fragmentId'));
      return fragment ? use(fragment, call) : { refusal: refuse('CNT-000001') };
    };
  const ofTenant = async (tenantId: number, fragmentId: string) =>
    isUuid(fragmentId) ? readFragment(pool, tenantId, fragmentId) : undefined;

  router.get(
    '/fragments',
    route(authenticate, 'read', describe.LIST_FRAGMENTS, async ({ caller, req }) => {
      const query = readContentQuery(req, Object.keys(FRAGMENT_FILTERS));
      if ('refusal' in query) return query;
      const rows = await listFragments(pool, caller.tenant.tenantId, query.page);
      const path = `${req.baseUrl}${req.path}`;
      return { status: 200, body: contentListBody(rows, query, path, (one) => one.fragmentId, fragmentBody) };
    }),
  );
  router.post(
    '/fragments',
    route(authenticate, 'manage', describe.CREATE_FRAGMENT, async ({ caller, body }) => {
      const parsed = parseClosed(fragmentInput, body, 'the fragment');
      if ('refusal' in parsed) return parsed;
      const fragment = await insertFragment(pool, {
        ...writtenOf(parsed.value),
        fragmentType: parsed.value.type,
        subType: parsed.value.type === 'expression' ? parsed.value.subType : null,
        tenantId: caller.tenant.tenantId,
        by: caller.keyId,
      });
      return shown(fragment, 201);
    }),
  );
  router.post(
    '/fragments/publications',
    route(authenticate, 'manage', describe.PUBLISH_FRAGMENT, async ({ caller, req, body }) => {
      const parsed = parseClosed(fragmentPublication, body, 'the publication');
      if ('refusal' in parsed) return parsed;
      const fragment = await ofTenant(caller.tenant.tenantId, parsed.value.fragmentId);
      if (!fragment) return { refusal: refuse('CNT-000001') };
      const publication = await publishFragment(pool, fragment);
      if (publication.kind === 'changed') return { refusal: refuse('CNT-000002') };
      if (publication.kind === 'invalid') {
        const problems = publication.problems.slice(0, 20).map((problem, index) => [`problem${index + 1}`, problem]);
        return { refusal: refuse('CNT-000004', publication.problems[0], Object.fromEntries(problems)) };
      }
      const location = `${req.baseUrl}/fragments/${fragment.fragmentId}/lastPublicationStatus`;
      const headers = { location, 'retry-after': '2' };
      return { status: 202, body: await statusBody(publication.fragment), headers };
    }),
  );
  router.get(
    '/fragments/:fragmentId',
    route(
      authenticate,
      'read',
      describe.READ_FRAGMENT,
      found(async (one) => shown(one)),
    ),
  );
  router.get(
    '/fragments/:fragmentId/liveFragment',
    route(
      authenticate,
      'read',
      describe.LIVE_FRAGMENT,
      found(async (one) =>
        one.published
          ? {
              status: 200,
              body: fragmentBody({ ...one, content: one.published, contentRevision: one.publishedRevision! }),
            }
          : { refusal: refuse('CNT-000001', 'The fragment was never published.') },
      ),
    ),
  );
  router.get(
    '/fragments/:fragmentId/lastPublicationStatus',
    route(
      authenticate,
      'read',
      describe.PUBLICATION_STATUS,
      found(async (one) =>
        one.publicationId
          ? { status: 200, body: await statusBody(one) }
          : { refusal: refuse('CNT-000001', 'The fragment was never given for publication.') },
      ),
    ),
  );
  router.put(
    '/fragments/:fragmentId',
    route(
      authenticate,
      'manage',
      describe.REPLACE_FRAGMENT,
      found((one, call) =>
        save(one, call, (body) => {
          const parsed = parseClosed(fragmentInput, body, 'the fragment');
          if ('refusal' in parsed) return parsed;
          const subType = parsed.value.type === 'expression' ? parsed.value.subType : null;
          return parsed.value.type === one.fragmentType && subType === one.subType
            ? writtenOf(parsed.value)
            : { refusal: refuse('MSG-000009', 'type and subType of a fragment cannot change; create another.') };
        }),
      ),
    ),
  );
  router.patch(
    '/fragments/:fragmentId',
    route(
      authenticate,
      'manage',
      describe.PATCH_FRAGMENT,
      found((one, call) =>
        save(one, call, (body) => {
          const parsed = parseClosed(contentPatch, body, 'the patch');
          return 'refusal' in parsed ? parsed : patchDescription(one, parsed.value);
        }),
      ),
    ),
  );
  router.put(
    '/fragments/:fragmentId/archived',
    route(
      authenticate,
      'manage',
      describe.ARCHIVE_FRAGMENT,
      found((one, call) =>
        save(one, call, (body) => {
          const parsed = parseClosed(fragmentArchive, body, 'the archiving');
          return 'refusal' in parsed ? parsed : parsed.value;
        }),
      ),
    ),
  );

  type Changed = Partial<Pick<Fragment, 'name' | 'description' | 'parentFolderId' | 'archived' | 'content'>>;
  async function save(
    fragment: Fragment,
    { caller, req, body }: Parameters<Handler>[0],
    change: (body: JsonValue) => Changed | Extract<Answer, { refusal: unknown }>,
  ): Promise<Answer> {
    const unmatched = readIfMatch(req, fragment.revision);
    if (unmatched) return unmatched;
    const changed = change(body);
    if ('refusal' in changed) return changed;
    const saved = await saveFragment(pool, fragment, { ...fragment, ...changed }, caller.keyId);
    return saved ? shown(saved) : { refusal: refuse('CNT-000002') };
  }

  async function statusBody(fragment: Fragment) {
    const { fragmentId, publicationId, publicationProblems, publishedAt } = fragment;
    const { pending, failed } = publishedAt ? await readPropagation(pool, fragment) : { pending: 0, failed: [] };
    const isError = publicationProblems.length > 0 || failed.length > 0;
    return {
      fragmentId,
      publicationId,
      status: isError ? 'error' : pending > 0 ? 'inProgress' : 'complete',
      pendingCampaigns: pending,
      problems: publicationProblems,
      failedCampaigns: failed,
    };
  }
  return router;
}

function writtenOf(input: FragmentInput) {
  const { name, description, parentFolderId, fragment } = input;
  const source = 'content' in fragment ? fragment.content : fragment.expression;
  const content: FragmentContent = { source, parameters: fragment.parameters };
  return { name, description, parentFolderId: parentFolderId ?? null, content };
}

const shown = (fragment: Fragment, status = 200): Answer => ({
  status,
  body: fragmentBody(fragment),
  headers: { etag: etagOf(fragment.revision) },
});

function fragmentBody(fragment: Fragment) {
  const { content, fragmentType, subType, parentFolderId, attributes, publishedAt } = fragment;
  return {
    id: fragment.fragmentId,
    name: fragment.name,
    description: fragment.description,
    type: fragmentType,
    ...(subType && { subType }),
    status: fragment.publishedRevision === fragment.contentRevision ? 'PUBLISHED' : 'DRAFT',
    archived: fragment.archived,
    source: { origin: 'ajo' },
    fragment: {
      [fragmentType === 'html' ? 'content' : 'expression']: content.source,
      parameters: content.parameters,
    },
    ...(attributes && { attributes }),
    ...(publishedAt && { publishedAt: publishedAt.toISOString() }),
    ...(parentFolderId && { parentFolderId }),
    createdAt: fragment.createdAt.toISOString(),
    createdBy: fragment.createdBy,
    modifiedAt: fragment.modifiedAt.toISOString(),
    modifiedBy: fragment.modifiedBy,
  };
}
