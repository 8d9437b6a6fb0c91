import type { ReadFile } from '@outrigger/core';
import { readFromBucket } from './bucket.ts';
import type { AttachmentsConfig } from './config.ts';
import { readFromFolder } from './folder.ts';

export { type AttachmentsConfig, attachmentsConfig, refuseContradictions } from './config.ts';

/** Opens the configured store; undefined where none is. */
export function openAttachments(config: AttachmentsConfig): ReadFile | undefined {
  if (config.ATTACHMENTS_DIR !== undefined) return readFromFolder(config.ATTACHMENTS_DIR);
  const { ATTACHMENTS_BUCKET: bucket } = config;
  return bucket === undefined ? undefined : readFromBucket(config, bucket);
}
