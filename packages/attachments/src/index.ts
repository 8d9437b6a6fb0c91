import type { ReadFile } from '@outrigger/core';
import { readFromBucket } from './bucket.ts';
import { type AttachmentsConfig, attachmentsProblem } from './config.ts';
import { readFromFolder } from './folder.ts';

export { type AttachmentsConfig, attachmentsConfig } from './config.ts';

/** Opens the configured store; undefined where none is. Throws for a configuration that contradicts itself. */
export function openAttachments(config: AttachmentsConfig): ReadFile | undefined {
  const problem = attachmentsProblem(config);
  if (problem) throw new Error(problem);
  if (config.ATTACHMENTS_DIR !== undefined) return readFromFolder(config.ATTACHMENTS_DIR);
  const { ATTACHMENTS_BUCKET: bucket } = config;
  return bucket === undefined ? undefined : readFromBucket(config, bucket);
}
