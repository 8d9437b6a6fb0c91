import type { JsonObject, Pieces } from '@outrigger/core';
import { LiquidError, type Template } from 'liquidjs';
import type { CompiledContent, CompiledPart } from './compile/content.ts';
import { compileFast } from './fast/compile.ts';
import { LimitError } from './fast/run.ts';
import { join, lazyPartsOf, PiecesInJson } from './in-json.ts';
import { engineFor, parseLiquid } from './liquid/engine.ts';
import { DEFAULT_MAX_BYTES, LIMITS } from './liquid/limits.ts';
import { keptOf, NOTED, type Noted, notesMetadata } from './liquid/metadata.ts';
import { treeOf } from './liquid/tree.ts';

export type RenderData = { profile: JsonObject; context: JsonObject };
/**
 * `pieces` has, for parts that may be long, what their text is made of; with `slotsInJson` the text is made when it is read.
 * `metadata` is what the tags of that name noted.
 */
export type RenderResult =
  | { parts: Record<string, string>; pieces: Record<string, Pieces>; metadata?: Record<string, string> }
  | { failed: { part: string; message: string } };
/** A content ready to render, in this process. `render` never throws for what data or filters do. */
export type LoadedContent = { render(data: RenderData, options?: RenderOptions): RenderResult };
/**
 * `inJson`: pieces have their `slotsInJson`, for a provider that takes a template and its values, and the plain text of such a part
 * is made when `parts` is asked for it by name. It is no own property: copies of `parts` do not have it.
 */
export type RenderOptions = { inJson?: boolean };

/** Compiles a frozen content to functions, once per version and process: the caller keeps the result (about 25 kB). */
export function loadContent(compiled: CompiledContent): LoadedContent {
  const parts = Object.entries(compiled.parts).map(([name, part]) => ({ name, part, run: loadPart(part) }));
  const lazyParts = lazyPartsOf(parts.filter(({ part }) => !part.singleLine).map(({ name }) => name));
  const notes = parts.some(({ part }) => notesMetadata(part.source));
  return {
    render(data, { inJson = false } = {}) {
      const noted: Noted | undefined = notes ? new Map() : undefined;
      const pieces: Record<string, Pieces> = {};
      const rendered: Record<string, string> = inJson ? lazyParts(pieces) : {};
      for (const { name, part, run } of parts) {
        const result = finish(part, run(data, inJson && !part.singleLine, noted));
        if ('failed' in result) return { failed: { part: name, message: result.failed } };
        if ('text' in result) rendered[name] = result.text;
        if (result.pieces && !part.singleLine) pieces[name] = result.pieces;
      }
      const metadata = noted && keptOf(noted);
      return metadata ? { parts: rendered, pieces, metadata } : { parts: rendered, pieces };
    },
  };
}

type WholeResult = { text: string; pieces?: Pieces | undefined } | { failed: string };
type PartResult = WholeResult | { pieces: PiecesInJson };
type Run<Result extends PartResult> = (data: RenderData, inJson?: boolean, noted?: Noted) => Result;

/** Renders a part with LiquidJS alone: the reference, the fallback, and the source of error messages. */
export function loadReference(part: CompiledPart): Run<WholeResult> {
  const engine = engineFor(part.escape);
  let templates: Template[] | undefined;
  return withSecondTry<WholeResult>(({ profile, context }, _inJson, noted) => {
    try {
      templates ??= parseLiquid(part.source, part.escape);
      const text: unknown = engine.renderSync(templates, { profile, context, [NOTED]: noted });
      return { text: String(text) };
    } catch (cause) {
      return { failed: messageOf(cause) };
    }
  });
}

/**
 * The time limit is wall-clock time, so a process that was stopped or starved in the middle would fail a harmless message
 * for good. What is really too slow is too slow again.
 */
function withSecondTry<Result extends PartResult>(run: Run<Result>): Run<Result> {
  return (data, inJson, noted) => {
    const result = run(data, inJson, noted);
    return 'failed' in result && /render limit exceeded/.test(result.failed) ? run(data, inJson, noted) : result;
  };
}

function loadPart(part: CompiledPart): Run<PartResult> {
  const reference = loadReference(part);
  // A single line is cut to its length, so data that is too long is no failure there.
  const maxCharacters = part.singleLine ? DEFAULT_MAX_BYTES.text : part.maxBytes;
  const fast = compileFast(treeOf(parseLiquid(part.source, part.escape), part.escape), part.escape, maxCharacters);
  if (!fast) return reference;
  const fixedCharacters = fast.fixed.reduce((sum, text) => sum + text.length, 0);

  /** Undefined when it must be looked at as it is: it fails, or could be too large. */
  function inJsonOf(data: RenderData, noted: Noted | undefined): { pieces: PiecesInJson } | undefined {
    try {
      const slots = fast!.slots(data, true, noted);
      const characters = slots.reduce((sum, slot) => sum + slot.length, fixedCharacters);
      if (characters * MOST_BYTES > part.maxBytes) return undefined;
      return { pieces: new PiecesInJson(fast!.fixed, slots, () => fast!.slots(data)) };
    } catch {
      return undefined;
    }
  }

  return withSecondTry<PartResult>((data, inJson, noted) => {
    const made = inJson ? inJsonOf(data, noted) : undefined;
    if (made) return made;
    try {
      const slots = fast.slots(data, false, noted);
      return { text: join(fast.fixed, slots), pieces: { fixed: fast.fixed, slots } };
    } catch (cause) {
      if (cause instanceof LimitError || /limit exceeded$/.test(messageOf(cause))) return { failed: messageOf(cause) };
      // LiquidJS knows the line. It cannot turn the failure into a success: what compiled, failed.
      const asked = reference(data);
      return 'failed' in asked ? asked : { failed: messageOf(cause) };
    }
  });
}

/** In UTF-8, of a UTF-16 unit. */
const MOST_BYTES = 3;

/** What holds for every part however it was rendered: one line where one is due, and the cap. */
export function finish(part: CompiledPart, result: PartResult): PartResult {
  if (!('text' in result)) return result;
  const text = part.singleLine ? oneLine(result.text) : result.text;
  // Nearly always the length says enough, and counting bytes flattens the string.
  if (
    text.length > part.maxBytes ||
    (text.length * MOST_BYTES > part.maxBytes && Buffer.byteLength(text) > part.maxBytes)
  ) {
    return { failed: `The output is larger than ${part.maxBytes} bytes.` };
  }
  return { text, pieces: result.pieces };
}

/** Line breaks that came with data become blanks (header injection), and headers end at RFC 5322's line length. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  const line = text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ').trim();
  if (line.length <= LIMITS.singleLineCharacters) return line;
  const cut = line.slice(0, LIMITS.singleLineCharacters);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

function messageOf(cause: unknown): string {
  if (LiquidError.is(cause)) return (cause as Error).message;
  return cause instanceof Error ? cause.message : String(cause);
}
