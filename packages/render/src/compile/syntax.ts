/** What is wrong with a template's Liquid, in words its author can act on. */
import { LiquidError } from 'liquidjs';
import { ALLOWED_TAGS, type Escape, parseLiquid } from '../liquid/engine.ts';
import { FILTERS } from '../liquid/filters.ts';
import { LIMITS } from '../liquid/limits.ts';
import { type Node, treeOf } from '../liquid/tree.ts';
import { error, type Finding, quoted } from '../problem.ts';
import { lexLiquid, lineAt, type Piece } from './lex.ts';

/** Tags that exist only inside or at the end of others. */
const INNER_TAGS = new Set(['else', 'elsif', 'when']);
const BLOCK_TAGS = new Set(['capture', 'case', 'for', 'if', 'unless']);

/** Parses a part. `nodes` is absent when it cannot be used. */
export function parsePart(source: string, escaping: Escape): { nodes?: Node[]; findings: Finding[] } {
  if (source.length > LIMITS.templateCharacters) {
    const message = `The template has ${source.length} characters; at most ${LIMITS.templateCharacters} are allowed. Shorten it.`;
    return { findings: [error('TPL-0003', message)] };
  }
  try {
    const pieces = lexLiquid(source);
    const findings = [...forbiddenTags(source, pieces), ...tooDeep(source, pieces)];
    if (findings.length > 0) return { findings };
    return { nodes: treeOf(parseLiquid(source, escaping), escaping), findings: [] };
  } catch (cause) {
    return { findings: [explain(cause)] };
  }
}

function forbiddenTags(source: string, pieces: Piece[]): Finding[] {
  return pieces
    .filter(({ kind, name }) => kind === 'tag' && !isKnownTag(name))
    .map(({ name, text, begin }) => {
      const allowed = ALLOWED_TAGS.filter((tag) => tag !== '#').join(', ');
      const message = `The tag "${name}" in ${quoted(text)} is not available. Use one of: ${allowed}.`;
      return error('TPL-0002', message, lineAt(source, begin));
    });
}

function isKnownTag(name: string): boolean {
  return (
    ALLOWED_TAGS.includes(name) ||
    INNER_TAGS.has(name) ||
    (name.startsWith('end') && ALLOWED_TAGS.includes(name.slice(3)))
  );
}

function tooDeep(source: string, pieces: Piece[]): Finding[] {
  let depth = 0;
  for (const { name, begin } of pieces) {
    if (BLOCK_TAGS.has(name)) depth += 1;
    else if (BLOCK_TAGS.has(name.slice(3))) depth -= 1;
    if (depth > LIMITS.blockDepth) {
      const message = `Liquid blocks are nested more than ${LIMITS.blockDepth} deep. Flatten them.`;
      return [error('TPL-0003', message, lineAt(source, begin))];
    }
  }
  return [];
}

function explain(cause: unknown): Finding {
  if (!(cause instanceof Error)) return error('TPL-0001', String(cause));
  // LiquidJS appends ", line:1, col:5"; the line goes into its own field.
  const message = cause.message.replace(/, (file:[^,]*, )?line:\d+, col:\d+$/, '');
  const token = (cause as { token?: { getPosition(): number[] } }).token;
  const line = LiquidError.is(cause) ? token?.getPosition()[0] : undefined;
  const filter = /^undefined filter: (.*)$/.exec(message)?.[1];
  if (filter !== undefined) {
    const names = Object.keys(FILTERS).sort().join(', ');
    return error('TPL-0002', `The filter "${filter}" is not available. Use one of: ${names}.`, line);
  }
  if (/limit exceeded/.test(message) || cause instanceof RangeError) {
    return error('TPL-0003', `The template is too large or nested too deeply (${message}).`, line);
  }
  return error('TPL-0001', `Liquid cannot read this: ${message}.`, line);
}
