import type { Attachment } from '@outrigger/core';
import { base64Lines } from './mime-encode.ts';

export type FilePart = { headers: Buffer; content: Buffer };

/** Files as parts of a `multipart/mixed` message (RFC 2183). */
export function attachmentParts(files: readonly Attachment[]): FilePart[] {
  return files.map(({ name, contentType, bytes }) => ({
    headers: Buffer.from(
      `Content-Type: ${contentType}\r\nContent-Transfer-Encoding: base64\r\n` +
        `Content-Disposition: attachment${fileNameParameter(name)}\r\n\r\n`,
    ),
    content: encoded(bytes),
  }));
}

/** A file that many messages share is the same object in all of them, and is encoded once. */
const known = new WeakMap<Buffer, Buffer>();

function encoded(bytes: Buffer): Buffer {
  let content = known.get(bytes);
  if (!content) {
    content = base64Lines(bytes);
    known.set(bytes, content);
  }
  return content;
}

const SAFE = /^[A-Za-z0-9!#$&+.^_`|~-]$/;
const SEGMENT = 60;

/**
 * The file's name: quoted where it is plain ASCII, else percent-encoded UTF-8 in numbered parts (RFC 2231), beside a name for programs
 * that know only the old form.
 */
function fileNameParameter(name: string): string {
  const plain = name.replace(/[^ -~]/gu, '_').replace(/["\\]/g, '_');
  const quoted = `;\r\n filename="${plain.slice(0, SEGMENT * 3)}"`;
  if (plain === name) return quoted;
  const parts: string[] = [''];
  // By character: a part must not end within one.
  for (const character of name.toWellFormed()) {
    const escaped = SAFE.test(character) ? character : escapeAll(character);
    if (parts.at(-1)!.length + escaped.length > SEGMENT) parts.push('');
    parts[parts.length - 1] += escaped;
  }
  const numbered = parts.map((part, index) => `;\r\n filename*${index}*=${index === 0 ? "UTF-8''" : ''}${part}`);
  return quoted + numbered.join('');
}

function escapeAll(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
