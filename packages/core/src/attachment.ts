/**
 * PDF files that go with an email (spec 4.1). They lie in one store outside of us, and are named by a path inside the folder of
 * the sandbox: no URL, and nothing that leads out of it.
 */
export type AttachmentRef = {
  /** The file name that the reader sees. */
  name: string;
  contentType: 'application/pdf';
  /** `dlzPath` is the compatible name of the same thing. */
  source: { type: 's3Path' | 'dlzPath'; path: string };
};

/** A file in memory, ready to go with a message. The same bytes are the same object for every message of a version. */
export type Attachment = { name: string; contentType: 'application/pdf'; bytes: Buffer };

export const MAX_ATTACHMENTS = 5;
/** Of one file; and of all files of an email together, when one of them came with the call. */
export const MAX_ATTACHMENT_BYTES = 5_000_000;

export type FolderOwner = { orgId: string; sandboxName: string };

/** What became of reading a file: there, gone for good, or not to be had for now. Reasons never name the file: a path may name a person. */
export type FileAnswer = { bytes: Buffer } | { gone: string } | { later: string };

/** Reads a file of a sandbox's folder, of at most `MAX_ATTACHMENT_BYTES`. Never rejects. */
export type ReadFile = (owner: FolderOwner, path: string, signal: AbortSignal) => Promise<FileAnswer>;

/** What is said where a file is wanted and no store is configured. */
export const NO_STORE = 'no store of attachments is configured';

const LONGEST_PATH_BYTES = 700;
const LONGEST_SEGMENT_BYTES = 255;

/** What is wrong with a path, or undefined: it must be relative, plain and stay where it begins, in a bucket as on a disk. */
export function pathProblem(path: string): string | undefined {
  if (!path.isWellFormed() || /\p{Cc}/u.test(path)) return 'must not have control characters';
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(path)) return 'must be a path inside the store, not a URL or a drive';
  if (path.includes('\\')) return 'must not have backslashes';
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) return `must have at most ${LONGEST_PATH_BYTES} bytes`;
  const segments = path.split('/');
  if (segments.some((one) => one === '' || one === '.' || one === '..')) {
    return 'must be relative and have no part that is empty, "." or ".."';
  }
  if (segments.some((one) => Buffer.byteLength(one) > LONGEST_SEGMENT_BYTES)) {
    return `must not have a part of over ${LONGEST_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

/** The folder of a sandbox, as two names that no other sandbox has and that lead nowhere else. */
export function folderOf({ orgId, sandboxName }: FolderOwner): [string, string] {
  return [folderName(orgId), folderName(sandboxName)];
}

function folderName(name: string): string {
  const escaped = encodeURIComponent(name.toWellFormed()).replaceAll('%40', '@');
  return /^\.+$/.test(escaped) ? escaped.replaceAll('.', '%2E') : escaped;
}

/** Why these bytes cannot go out as a PDF, or undefined. */
export function fileProblem(bytes: Buffer): string | undefined {
  if (bytes.length > MAX_ATTACHMENT_BYTES) return TOO_LARGE;
  return bytes.subarray(0, 5).toString('latin1') === '%PDF-' ? undefined : 'the file is not a PDF';
}

export const TOO_LARGE = `the file is over ${MAX_ATTACHMENT_BYTES} bytes`;
