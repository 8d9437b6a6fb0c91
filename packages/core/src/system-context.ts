import type { JsonObject } from './recipient.ts';

/** The reserved part of `context` that the platform fills in (spec 7.3). Callers cannot send it. */
export function systemContext(message: {
  campaignId: string;
  versionId: string;
  messageId: string;
  campaignName?: string | undefined;
  actionName?: string | null | undefined;
}): JsonObject {
  const { campaignId, versionId, messageId, campaignName, actionName } = message;
  return {
    source: {
      id: campaignId,
      versionId,
      ...(campaignName !== undefined && { name: campaignName }),
      // A campaign has one action, so it is found by the version.
      actionId: versionId,
      ...(actionName && { actionName }),
    },
    messageProfileId: messageId,
  };
}
