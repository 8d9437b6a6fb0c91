import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import { type Refusal, refuse } from '@outrigger/core';

export type UploadedFile = { fileName: string; content: Buffer };

/** What the form around a file may cost: boundaries, headers, a few fields that are thrown away. */
const FORM_BYTES = 65_536;
const MAX_FILE_NAME = 255;

/** Checks what the headers say about a form with a file, before a byte of it is read. */
export function checkUploadHeaders(req: IncomingMessage, fileLimitBytes: number): Refusal | undefined {
  if (Number(req.headers['content-length'] ?? 0) > fileLimitBytes + FORM_BYTES) return tooLarge(fileLimitBytes);
  if (!/^multipart\/form-data\s*;.*boundary=/i.test(req.headers['content-type'] ?? '')) {
    return refuse('MSG-000415', 'Send multipart/form-data with a boundary.');
  }
  if ((req.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    return refuse('MSG-000415', 'Send the body without Content-Encoding.');
  }
  return undefined;
}

/**
 * Reads the one file of a form, as a stream that is bounded in every way: size of file and form, fields, parts and headers.
 * Fields and files of other names are thrown away. Rejects when the caller goes away.
 */
export function readUpload(
  req: IncomingMessage,
  field: string,
  fileLimitBytes: number,
): Promise<{ file: UploadedFile } | { refusal: Refusal }> {
  return new Promise((resolve, reject) => {
    const end = (answer: { file: UploadedFile } | { refusal: Refusal }) => {
      req.unpipe(parser);
      req.resume();
      resolve(answer);
    };
    const malformed = (why: string) => end({ refusal: refuse('SUP-000004', `The form cannot be read: ${why}.`) });
    const parser = new Busboy({
      headers: req.headers as { 'content-type': string },
      limits: { fileSize: fileLimitBytes, files: 1, fields: 10, fieldSize: 1_024, parts: 12, headerPairs: 50 },
    });
    let file: UploadedFile | undefined;
    let formBytes = 0;
    req.on('data', (chunk: Buffer) => {
      formBytes += chunk.length;
      if (formBytes > fileLimitBytes + FORM_BYTES) req.destroy();
    });
    parser.on('file', (name, stream, fileName) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        if (name === field) chunks.push(chunk);
      });
      stream.on('limit', () => end({ refusal: tooLarge(fileLimitBytes) }));
      stream.on('end', () => {
        if (name === field) file = { fileName: presentable(fileName), content: Buffer.concat(chunks) };
      });
      stream.on('error', () => undefined);
    });
    parser.on('filesLimit', () => malformed('send one file'));
    parser.on('error', (error) => malformed(error instanceof Error ? error.message : 'it is broken'));
    parser.on('finish', () => {
      if (file) end({ file });
      else malformed(`it has no file named ${field}`);
    });
    req.on('error', reject);
    req.on('close', () => {
      if (!req.complete) reject(Object.assign(new Error('the caller went away'), { status: 400 }));
    });
    req.pipe(parser);
  });
}

const tooLarge = (limitBytes: number) =>
  refuse('MSG-000413', `The file is over ${limitBytes} bytes; send less at once.`);

/** A file name is shown and never used as a path (reliability H15). */
function presentable(fileName: string | undefined): string {
  return (fileName ?? '')
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .slice(0, MAX_FILE_NAME)
    .toWellFormed();
}
