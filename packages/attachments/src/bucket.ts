import { createBucketReader, credentialSource } from '@outrigger/aws-request';
import {
  type FileAnswer,
  fileProblem,
  folderOf,
  MAX_ATTACHMENT_BYTES,
  pathProblem,
  type ReadFile,
  TOO_LARGE,
} from '@outrigger/core';
import type { AttachmentsConfig } from './config.ts';

/** Files of a bucket of Amazon S3, or of whatever speaks its protocol. */
export function readFromBucket(config: AttachmentsConfig, bucket: string): ReadFile {
  const read = createBucketReader({
    bucket,
    region: config.ATTACHMENTS_REGION,
    endpoint: config.ATTACHMENTS_ENDPOINT,
    credentials: credentialSource(config.ATTACHMENTS_ACCESS_KEY_ID, config.ATTACHMENTS_SECRET_ACCESS_KEY),
  });
  return async (owner, path, signal) => {
    const problem = pathProblem(path);
    if (problem) return { gone: `the path ${problem}` };
    const key = [...folderOf(owner), ...path.split('/')];
    const answer = await read(key, MAX_ATTACHMENT_BYTES, signal);
    if ('failure' in answer) return { later: answer.failure };
    if ('tooLarge' in answer) return { gone: TOO_LARGE };
    return fileOf(answer.status, answer.body);
  };
}

/**
 * Only a missing key is gone for good. A bucket that is not there, an account that may not read it (S3 says so of missing keys
 * too, to whoever may not list the bucket) and every outage are put right by somebody, so the message waits.
 */
function fileOf(status: number, body: Buffer): FileAnswer {
  if (status === 200) {
    const problem = fileProblem(body);
    return problem ? { gone: problem } : { bytes: body };
  }
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(body.subarray(0, 4_096).toString('latin1'))?.[1];
  if (status === 404 && code !== 'NoSuchBucket') return { gone: 'there is no such file' };
  return { later: `the bucket answered HTTP ${status}${code ? ` ${code}` : ''}` };
}
