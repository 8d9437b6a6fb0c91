import { activateCampaign, channelOf, withoutIds, withPackageIds } from '@outrigger/authoring';
import { campaignDefinition } from '@outrigger/contracts';
import { CAMPAIGN_ACTIONS, type CampaignStatus, refuse } from '@outrigger/core';
import {
  type Campaign,
  deleteCampaign,
  discardDraft,
  insertCampaign,
  moveCampaign,
  readVersion,
  saveDraft,
  setTags,
} from '@outrigger/store';
import { Router } from 'express';
import { type CampaignRoutesDeps, campaignAccess, columnsOf, wrongStatus } from './campaign-access.ts';
import { availableActions, campaignBody } from './campaign-body.ts';
import * as describe from './campaign-descriptions.ts';
import { parseClosed } from './closed-input.ts';
import type { Answer, Handler } from './context.ts';
import { reportBody } from './report-body.ts';

type Caller = Parameters<Handler>[0]['caller'];

/** What moves a campaign along its table of transitions (core's campaign-states.ts). */
export function campaignLifeRoutes(deps: CampaignRoutesDeps): Router {
  const { pool } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const campaign = campaignAccess(deps);
  const shown = (one: Campaign, caller: Caller, status = 200): Answer => ({
    status,
    body: { ...campaignBody(one), actions: availableActions(one, caller) },
  });

  async function activate(found: Campaign, from: readonly CampaignStatus[], caller: Caller): Promise<Answer> {
    const activation = await activateCampaign(pool, deps.readFile, found, from, caller.keyId);
    switch (activation.kind) {
      case 'activated': {
        const version = await readVersion(pool, activation.campaign.liveVersionId!);
        const body = {
          ...campaignBody(activation.campaign, version?.authored),
          actions: availableActions(activation.campaign, caller),
          validation: reportBody(activation.findings, found),
        };
        return { status: 200, body };
      }
      case 'invalid': {
        const errors = activation.findings.filter((finding) => finding.level === 'ERROR');
        const context = Object.fromEntries(errors.slice(0, 20).map((finding) => [finding.code, finding.message]));
        const title = `${errors.length} error(s) block activation: ${errors[0]?.message}`;
        return { refusal: refuse('CMP-000003', title, context) };
      }
      case 'no_draft':
        return wrongStatus(found, 'activated; it has no draft');
      case 'wrong_status':
        return wrongStatus(found, 'activated');
      case 'changed': {
        const title =
          'The draft or its channel configuration changed while it was being activated; look and try again.';
        return { refusal: refuse('CMP-000002', title) };
      }
      default:
        return activation satisfies never;
    }
  }

  const path = (name: string) => `/campaigns/:campaignId/${name}`;
  router.post(
    path('publish'),
    campaign.change(describe.PUBLISH, (found, { caller }) => activate(found, CAMPAIGN_ACTIONS.PUBLISH.from, caller)),
  );
  router.post(
    path('approval/approve'),
    campaign.change(describe.APPROVE, (found, { caller }) => activate(found, CAMPAIGN_ACTIONS.APPROVE.from, caller)),
  );
  for (const [name, move, description, done] of [
    ['stop', 'stop', describe.STOP, 'stopped'],
    ['archive', 'archive', describe.ARCHIVE, 'archived'],
    ['approval/request', 'request_review', describe.REQUEST_REVIEW, 'given into review'],
    [
      'approval/cancel',
      'cancel_review',
      describe.CANCEL_REVIEW,
      'taken back; only the key that asked for the review may',
    ],
  ] as const) {
    router.post(
      path(name),
      campaign.change(description, async (found, { caller }) => {
        const moved = await moveCampaign(pool, found.tenantId, found.campaignId, move, caller.keyId);
        return moved ? shown(moved, caller) : wrongStatus(found, done);
      }),
    );
  }
  router.post(
    path('approval/changes'),
    campaign.change(describe.REQUEST_CHANGES, async (found, { caller, body }) => {
      const parsed = parseClosed(describe.changesBody, body, 'the request for changes');
      if ('refusal' in parsed) return parsed;
      const { message } = parsed.value;
      const { tenantId, campaignId } = found;
      const moved = await moveCampaign(pool, tenantId, campaignId, 'request_changes', caller.keyId, message);
      return moved ? shown(moved, caller) : wrongStatus(found, 'given back; it is not in review');
    }),
  );
  router.post(
    path('duplicate'),
    campaign.change(describe.DUPLICATE, async (found, { caller, body }) => {
      const parsed = parseClosed(describe.duplicateBody, body, 'the duplicate');
      if ('refusal' in parsed) return parsed;
      const source = found.draft ?? (await liveDefinition(found));
      if (!source) return wrongStatus(found, 'duplicated; its definition was not kept');
      const { packages, ...copied } = campaignDefinition.parse(source);
      const definition = {
        ...copied,
        name: parsed.value.name,
        tags: found.tags,
        packages: packages.map(withoutIds),
      };
      const duplicate = campaignDefinition.parse(definition);
      const created = await insertCampaign(pool, {
        tenantId: found.tenantId,
        ...columnsOf(withPackageIds(duplicate)),
        by: caller.keyId,
      });
      return shown(created, caller, 201);
    }),
  );
  router.delete(
    '/campaigns/:campaignId',
    campaign.change(describe.DELETE, async (found) =>
      (await deleteCampaign(pool, found.tenantId, found.campaignId))
        ? { status: 200, body: {} }
        : wrongStatus(found, 'deleted; only drafts can, stop and archive it instead'),
    ),
  );
  router.post(
    path('draft'),
    campaign.change(describe.CREATE_DRAFT, async (found, { caller }) => {
      const source = found.draft ? undefined : await liveDefinition(found);
      if (!source) return wrongStatus(found, 'given a draft; it has one, or no version to begin from');
      const draft = columnsOf(campaignDefinition.parse({ ...source, tags: found.tags }));
      const saved = await saveDraft(pool, found.tenantId, found.campaignId, { ...draft, by: caller.keyId });
      return saved ? shown(saved, caller, 201) : wrongStatus(found, 'edited');
    }),
  );
  router.delete(
    path('draft'),
    campaign.change(describe.DISCARD_DRAFT, async (found, { caller }) => {
      const source = await liveDefinition(found);
      const live = source && campaignDefinition.parse(source);
      const discarded =
        live &&
        (await discardDraft(pool, found.tenantId, found.campaignId, {
          name: live.name,
          description: live.description,
          channel: channelOf(live),
          by: caller.keyId,
        }));
      return discarded ? shown(discarded, caller) : wrongStatus(found, 'relieved of a draft beside a live version');
    }),
  );
  router.put(
    path('tags'),
    campaign.change(describe.EDIT_TAGS, async (found, { caller, body }) => {
      const parsed = parseClosed(describe.tagsBody, body, 'the tags');
      if ('refusal' in parsed) return parsed;
      const tagged = await setTags(pool, found.tenantId, found.campaignId, parsed.value.tags, caller.keyId);
      return tagged ? shown(tagged, caller) : wrongStatus(found, 'tagged');
    }),
  );

  async function liveDefinition(found: Campaign): Promise<Record<string, unknown> | null | undefined> {
    return found.liveVersionId === null ? undefined : (await readVersion(pool, found.liveVersionId))?.authored;
  }
  return router;
}
