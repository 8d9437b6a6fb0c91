import type { Pieces } from '@outrigger/core';
import {
  type EncodedText,
  encodeText,
  isMostlyForeign,
  quotedPrintable,
  quotedRoom,
  softBreak,
  writeQuoted,
} from './mime-encode.ts';

/**
 * Encodes a body of pieces: what is fixed in a version is encoded once, so that a message costs as much as its slots are long.
 * Each piece begins at the begin of a line; where the one before ends within a line, a soft line break is put, which the reader
 * takes away again (RFC 2045 section 6.7 (5)). So no line is too long and no dot begins one, whatever stands in the slots.
 */
export function encodePieces(text: string, { fixed, slots }: Pieces): EncodedText {
  const ready = encodedFixed(fixed);
  if (!ready || slots.some((slot, index) => slot.endsWith('\r') && ready.lineFeedFirst[index + 1])) {
    return encodeText(text);
  }
  let room = ready.octets;
  for (const slot of slots) room += quotedRoom(slot.length * 3) + BREAK;
  if (room > scratch.length) scratch = Buffer.allocUnsafeSlow(room);
  const out = scratch;
  let length = 0;
  ready.pieces.forEach((piece, index) => {
    if (index > 0) length = writeSlot(slots[index - 1]!, out, length);
    length += piece.copy(out, length);
  });
  return { encoding: 'quoted-printable', content: Buffer.from(out.subarray(0, length)) };
}

/** Where a body is written before its length is known: the room for the worst case is many times what most need. */
let scratch = Buffer.allocUnsafeSlow(256 * 1024);

type EncodedFixed = {
  /** All but the last end with a line break, soft or of the text. */
  pieces: Buffer[];
  octets: number;
  lineFeedFirst: boolean[];
};

const known = new WeakMap<readonly string[], EncodedFixed | 'whole'>();
const BREAK = 3;
const LINE_FEED = 0x0a;

function encodedFixed(fixed: readonly string[]): EncodedFixed | undefined {
  let found = known.get(fixed);
  if (!found) {
    found = encodeFixed(fixed) ?? 'whole';
    known.set(fixed, found);
  }
  return found === 'whole' ? undefined : found;
}

/** Undefined where a piece means something else by itself than beside its neighbours, and where Base64 is the shorter way. */
function encodeFixed(fixed: readonly string[]): EncodedFixed | undefined {
  const text = fixed.join('');
  if (isMostlyForeign(Buffer.byteLength(text), text.length)) return undefined;
  // Half a line break, half a character: the other half may be in a slot.
  if (fixed.some((piece) => piece.endsWith('\r') || !piece.isWellFormed())) return undefined;
  const pieces = fixed.map((piece, index) => {
    const content = quotedPrintable(Buffer.from(piece));
    return index === fixed.length - 1 || endsLine(content, content.length)
      ? content
      : Buffer.concat([content, SOFT_BREAK]);
  });
  return {
    pieces,
    octets: pieces.reduce((sum, piece) => sum + piece.length, 0),
    lineFeedFirst: fixed.map((piece) => piece.startsWith('\n')),
  };
}

const SOFT_BREAK = Buffer.from('=\r\n');

function endsLine(content: Buffer, length: number): boolean {
  return length === 0 || content[length - 1] === LINE_FEED;
}

function writeSlot(slot: string, out: Buffer, start: number): number {
  if (slot === '') return start;
  const length = writeQuoted(Buffer.from(slot), out, start);
  return endsLine(out, length) ? length : softBreak(out, length);
}
