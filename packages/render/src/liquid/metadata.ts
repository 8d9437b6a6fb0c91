import { type Context, type Liquid, Tag, type TagToken, type TopLevelToken, Value } from 'liquidjs';
import { stringify } from './filters.ts';

/**
 * `{% metadata "order", context.order.number %}` prints nothing and notes a pair about the message (spec 13.5), which is told
 * with what becomes of it. A key that is noted again has the later value.
 */
export class MetadataTag extends Tag {
  readonly key: string;
  readonly value: Value;

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    const [, quoted, singleQuoted, plain] = KEY.exec(token.args) ?? [];
    const key = quoted ?? singleQuoted ?? plain;
    if (key === undefined || !NAME.test(key)) {
      throw new Error('write {% metadata "key", value %}; a key has letters, digits, _ . - and begins with a letter');
    }
    this.key = key;
    this.tokenizer.advance(KEY.exec(token.args)![0].length);
    this.value = new Value(this.tokenizer.readFilteredValue(), liquid);
    this.tokenizer.skipBlank();
    this.tokenizer.assert(this.tokenizer.end(), () => `metadata has one value: ${this.tokenizer.snapshot()}`);
  }

  *render(context: Context): Generator<unknown, void, unknown> {
    const value = yield this.value.value(context, false);
    const found = (context.environments as { [NOTED]?: Noted })[NOTED];
    if (found) note(found, this.key, value);
  }
}

const KEY = /^\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z_][\w.-]*))\s*,/;
const NAME = /^[A-Za-z_][\w.-]{0,99}$/;

/** Where LiquidJS's renders find what to note into; no template can name it. */
export const NOTED = Symbol('noted');
export type Noted = Map<string, string>;

const MOST_PAIRS = 50;
/** Of keys and values together, in UTF-8. */
const MOST_BYTES = 2_048;

/** Whatever a loop notes, it stays small. */
export function note(found: Noted, key: string, value: unknown): void {
  if (found.size < MOST_PAIRS || found.has(key)) found.set(key, stringify(value).slice(0, MOST_BYTES));
}

/** What is kept of all that a message noted: 50 pairs and 2 KB; what is more is cut off, and never fails the message. */
export function keptOf(noted: Noted): Record<string, string> | undefined {
  if (noted.size === 0) return undefined;
  const kept: Record<string, string> = {};
  let left = MOST_BYTES;
  for (const [key, value] of noted) {
    left -= key.length;
    if (left <= 0) break;
    kept[key] = cutTo(left, value);
    left -= Buffer.byteLength(kept[key]);
  }
  return kept;
}

/** The longest beginning with at most so many bytes, never half a character. */
function cutTo(bytes: number, text: string): string {
  const plain = text.replaceAll('\0', '').toWellFormed();
  const whole = Buffer.from(plain);
  if (whole.length <= bytes) return plain;
  let end = bytes;
  while (end > 0 && (whole[end]! & 0xc0) === 0x80) end -= 1;
  return whole.toString('utf8', 0, end);
}

/** Whether a template notes anything. */
export function notesMetadata(source: string): boolean {
  return /\{%-?\s*metadata\b/.test(source);
}
