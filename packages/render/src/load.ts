import type { JsonObject, Pieces } from '@outrigger/core';
import { LiquidError, type Template } from 'liquidjs';
import type { CompiledContent, CompiledPart } from './compile/content.ts';
import { compileFast } from './fast/compile.ts';
import { LimitError } from './fast/run.ts';
import { engineFor, parseLiquid } from './liquid/engine.ts';
import { DEFAULT_MAX_BYTES, LIMITS } from './liquid/limits.ts';
import { treeOf } from './liquid/tree.ts';

export type RenderData = { profile: JsonObject; context: JsonObject };
/** `pieces` has, for parts that may be long, what their text is made of. */
export type RenderResult =
  | { parts: Record<string, string>; pieces: Record<string, Pieces> }
  | { failed: { part: string; message: string } };
/** A content ready to render, in this process. `render` never throws for what data or filters do. */
export type LoadedContent = { render(data: RenderData, options?: RenderOptions): RenderResult };
/** `inJson`: pieces also have their `slotsInJson`, for a provider that takes a template and its values. */
export type RenderOptions = { inJson?: boolean };

/** Compiles a frozen content to functions, once per version and process: the caller keeps the result (about 25 kB). */
export function loadContent(compiled: CompiledContent): LoadedContent {
  const parts = Object.entries(compiled.parts).map(([name, part]) => ({ name, part, run: loadPart(part) }));
  return {
    render(data, { inJson = false } = {}) {
      const rendered: Record<string, string> = {};
      const pieces: Record<string, Pieces> = {};
      for (const { name, part, run } of parts) {
        const result = finish(part, run(data, inJson && !part.singleLine));
        if ('failed' in result) return { failed: { part: name, message: result.failed } };
        rendered[name] = result.text;
        if (result.pieces && !part.singleLine) pieces[name] = result.pieces;
      }
      return { parts: rendered, pieces };
    },
  };
}

type PartResult = { text: string; pieces?: Pieces | undefined } | { failed: string };
type RunPart = (data: RenderData, inJson?: boolean) => PartResult;

/** Renders a part with LiquidJS alone: the reference, the fallback, and the source of error messages. */
export function loadReference(part: CompiledPart): RunPart {
  const engine = engineFor(part.escape);
  let templates: Template[] | undefined;
  return withSecondTry(({ profile, context }) => {
    try {
      templates ??= parseLiquid(part.source, part.escape);
      const text: unknown = engine.renderSync(templates, { profile, context });
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
function withSecondTry(run: RunPart): RunPart {
  return (data, inJson) => {
    const result = run(data, inJson);
    return 'failed' in result && /render limit exceeded/.test(result.failed) ? run(data, inJson) : result;
  };
}

function loadPart(part: CompiledPart): RunPart {
  const reference = loadReference(part);
  // A single line is cut to its length, so data that is too long is no failure there.
  const maxCharacters = part.singleLine ? DEFAULT_MAX_BYTES.text : part.maxBytes;
  const fast = compileFast(treeOf(parseLiquid(part.source, part.escape), part.escape), part.escape, maxCharacters);
  if (!fast) return reference;
  return withSecondTry((data, inJson) => {
    try {
      const made = fast.slots(data, inJson);
      return { text: join(fast.fixed, made.slots), pieces: { fixed: fast.fixed, ...made } };
    } catch (cause) {
      if (cause instanceof LimitError || /limit exceeded$/.test(messageOf(cause))) return { failed: messageOf(cause) };
      // LiquidJS knows the line. It cannot turn the failure into a success: what compiled, failed.
      const asked = reference(data);
      return 'failed' in asked ? asked : { failed: messageOf(cause) };
    }
  });
}

/** V8 keeps this as a tree until somebody reads it, so a text that goes out in pieces costs little here. */
export function join(fixed: readonly string[], slots: readonly string[]): string {
  let text = fixed[0]!;
  for (let index = 0; index < slots.length; index += 1) text += slots[index]! + fixed[index + 1]!;
  return text;
}

/** What holds for every part however it was rendered: one line where one is due, and the cap. */
export function finish(part: CompiledPart, result: PartResult): PartResult {
  if ('failed' in result) return result;
  const text = part.singleLine ? oneLine(result.text) : result.text;
  // At most three bytes a UTF-16 unit: nearly always the length says enough, and counting bytes flattens the string.
  if (text.length > part.maxBytes || (text.length * 3 > part.maxBytes && Buffer.byteLength(text) > part.maxBytes)) {
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
