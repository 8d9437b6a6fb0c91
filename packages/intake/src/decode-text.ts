import { BadFile } from './bad-file.ts';

/** First bytes of what people send by mistake (reliability H02), as Latin-1. */
const NO_TEXT: [what: string, starts: string][] = [
  ['a ZIP archive or an Excel workbook', 'PK\x03\x04'],
  ['gzip data', '\x1f\x8b'],
  ['a PDF document', '%PDF-'],
  ['a program', '\x7fELF'],
  ['a program', 'MZ\x90'],
  ['an old Excel workbook', '\xd0\xcf\x11\xe0'],
];
const HTML = /^(\xef\xbb\xbf)?\s*<(!doctype|html)/i;
const REPLACEMENT = '\uFFFD';
type Decoder = InstanceType<typeof TextDecoder>;

/**
 * The text of a file, piece by piece: UTF-8, or UTF-16 where it begins with a byte order mark (H03). Bytes that are neither are
 * refused with their place, never replaced: a wrong letter in a name is worse than a refused file.
 */
export async function* decodeText(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: Decoder | undefined;
  let read = 0;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    decoder ??= decoderFor(chunk);
    let text: string;
    try {
      text = decoder.decode(chunk, { stream: true });
    } catch {
      throw new BadFile(
        'CSV-000003',
        `Byte ${read + firstBad(chunk, decoder.encoding)} is not ${decoder.encoding}; save the file as UTF-8.`,
      );
    }
    read += chunk.length;
    yield text;
  }
  try {
    const rest = decoder?.decode() ?? '';
    if (rest !== '') yield rest;
  } catch {
    throw new BadFile('CSV-000003', `The file ends in the middle of a character (byte ${read}).`);
  }
}

function decoderFor(first: Uint8Array): Decoder {
  const head = Buffer.from(first.subarray(0, 64)).toString('latin1');
  const what = HTML.test(head) ? 'an HTML page' : NO_TEXT.find(([, starts]) => head.startsWith(starts))?.[0];
  if (what) throw new BadFile('CSV-000002', `This is ${what}; send CSV or NDJSON as text.`);
  const encoding = head.startsWith('\xff\xfe') ? 'utf-16le' : head.startsWith('\xfe\xff') ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true });
}

/** About where: a character that began in the chunk before counts as the start of this one. */
function firstBad(chunk: Uint8Array, encoding: string): number {
  const lenient = new TextDecoder(encoding, { ignoreBOM: true }).decode(chunk);
  const before = lenient.slice(0, Math.max(0, lenient.indexOf(REPLACEMENT)));
  return encoding === 'utf-8' ? Buffer.byteLength(before) : before.length * 2;
}
