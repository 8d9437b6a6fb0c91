/**
 * Fragments: shared pieces of content, expanded in place before a part is compiled (spec 4.4). `{% fragment "id" %}` and
 * `{% render "id", title: context.title %}` are the same. What a fragment assigns is known after it, and it sees what was
 * assigned before it; loop variables it sees only through parameters.
 */
import { error, type Finding, quoted } from '../problem.ts';
import { lexLiquid, type Piece } from './lex.ts';

/** A published fragment: its text, and its parameters with the values they have when a call gives none. */
export type FragmentSource = {
  id: string;
  source: string;
  parameters: Record<string, string>;
  /** HTML, for the HTML of an email alone. */
  visual?: boolean;
};
/** What is known of the fragments that a content names, by id; a word for one that cannot be used here, and why. */
export type FragmentLibrary = ReadonlyMap<string, FragmentSource | 'draft' | 'visual'>;

export type Expanded = {
  source: string;
  findings: Finding[];
  /** Ids of the fragments that were expanded, nested ones too, in order and with repeats. */
  used: string[];
  /** Line of the author's text that became this line of the expanded one. */
  lineOf(line: number): number;
};

/** A message may use so many fragments (spec 18); nesting ends at one fragment inside another. */
export const MAX_FRAGMENTS = 30;
const MAX_DEPTH = 2;

const CALL = /^\{%-?\s*(?:render|fragment)\s+(?:"([^"]*)"|'([^']*)')\s*,?\s*([\s\S]*?)\s*-?%\}$/;
const ARGUMENT = /([A-Za-z_]\w*)\s*[:=]\s*("[^"]*"|'[^']*'|[^\s,]+)\s*,?\s*/y;

type Call = { id: string; args: Map<string, string>; trimsLeft: boolean; trimsRight: boolean };

/** Ids that the fragment tags of a text name. */
export function fragmentIds(source: string): string[] {
  return callsOf(source).flatMap(({ call }) => (typeof call === 'string' ? [] : [call.id]));
}

function callsOf(source: string): { piece: Piece; call: Call | string }[] {
  if (!/\{%-?\s*(render|fragment)\b/.test(source)) return [];
  let pieces: Piece[];
  try {
    pieces = lexLiquid(source);
  } catch {
    // The parser says it better when the part is compiled.
    return [];
  }
  return pieces
    .filter(({ kind, name }) => kind === 'tag' && (name === 'render' || name === 'fragment'))
    .map((piece) => ({ piece, call: parseCall(piece.text) }));
}

function parseCall(text: string): Call | string {
  const match = CALL.exec(text);
  if (!match) return `${quoted(text)} is no call of a fragment. Write {% fragment "id", name: value %}.`;
  const args = new Map<string, string>();
  const rest = match[3]!;
  ARGUMENT.lastIndex = 0;
  for (let at = 0; at < rest.length; at = ARGUMENT.lastIndex) {
    ARGUMENT.lastIndex = at;
    const argument = ARGUMENT.exec(rest);
    if (!argument) return `${quoted(text)}: "${quoted(rest.slice(at))}" is no argument. Write name: value.`;
    args.set(argument[1]!, argument[2]!);
  }
  const id = (match[1] ?? match[2])!.replace(/^ajo:/, '');
  return { id, args, trimsLeft: text.startsWith('{%-'), trimsRight: text.endsWith('-%}') };
}

/** Replaces the fragment tags of a text by what they name. Without any, the text comes back as it is. */
export function expandFragments(source: string, library: FragmentLibrary, depth = 1): Expanded {
  const calls = callsOf(source);
  if (calls.length === 0) return { source, findings: [], used: [], lineOf: (line) => line };
  const findings: Finding[] = [];
  const used: string[] = [];
  const lines: number[] = [1];
  let result = '';
  let line = 1;
  const copy = (text: string, moves: boolean) => {
    result += text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      if (moves) line += 1;
      lines.push(line);
    }
  };
  let copied = 0;
  for (const { piece, call } of calls) {
    copy(source.slice(copied, piece.begin), true);
    copied = piece.end;
    const expansion = typeof call === 'string' ? call : expandCall(call, library, depth);
    if (typeof expansion === 'string') findings.push(error('TPL-0007', expansion, line));
    else {
      findings.push(...expansion.findings.map((finding) => ({ ...finding, line })));
      used.push(...expansion.used);
      copy(expansion.source, false);
    }
    line += piece.text.split('\n').length - 1;
    lines[lines.length - 1] = line;
  }
  copy(source.slice(copied), true);
  return { source: result, findings, used, lineOf: (expanded) => lines[expanded - 1] ?? expanded };
}

function expandCall(
  call: Call,
  library: FragmentLibrary,
  depth: number,
): Pick<Expanded, 'source' | 'findings' | 'used'> | string {
  const found = library.get(call.id);
  if (found === undefined) return `There is no fragment "${quoted(call.id)}" in this sandbox.`;
  if (found === 'draft') return `The fragment "${call.id}" is a draft. Publish it first.`;
  if (found === 'visual') return `The fragment "${call.id}" is a visual one, which belongs into the HTML of an email.`;
  if (depth > MAX_DEPTH)
    return `The fragment "${call.id}" is nested too deeply: a fragment inside a fragment is the limit.`;
  const { render, ...given } = Object.fromEntries(call.args);
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(found.parameters, name));
  if (stranger !== undefined) {
    const names = Object.keys(found.parameters).join(', ') || 'none';
    return `The fragment "${call.id}" has no parameter "${stranger}"; it has: ${names}.`;
  }
  const inner = expandFragments(found.source, library, depth + 1);
  // Every parameter is set at every call, so that a value never leaks from one call into the next.
  const assigns = Object.entries(found.parameters)
    .map(([name, value]) => `{% assign ${name} = ${given[name] ?? JSON.stringify(value)} %}`)
    .join('');
  const silent = render === 'false';
  const body = silent ? `{% capture fragment_output %}${inner.source}{% endcapture %}` : inner.source;
  const left = call.trimsLeft ? '{%- # fragment %}' : '';
  const right = call.trimsRight ? '{% # fragment -%}' : '';
  return { source: `${left}${assigns}${body}${right}`, findings: inner.findings, used: [call.id, ...inner.used] };
}
