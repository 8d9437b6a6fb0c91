import { CLIPPED_HTML_BYTES, DEFAULT_MAX_BYTES } from '../liquid/limits.ts';
import type { Node } from '../liquid/tree.ts';
import { type ContentProblem, error, type Finding, warning } from '../problem.ts';
import { checkArguments } from './arguments.ts';
import { lineAt } from './lex.ts';
import { checkMarkup } from './markup.ts';
import { compileMjml } from './mjml.ts';
import { parsePart } from './syntax.ts';
import { applyEdits } from './url-guard.ts';
import { formatPath, variablesOf } from './variables.ts';

/** A part as its author wrote it. `html` parts are escaped and their markup is checked; `none` parts are plain text. */
export type PartSource = {
  format: 'liquid' | 'mjml';
  escape: 'html' | 'none';
  source: string;
  /** Subjects, header values: no line breaks. */
  singleLine?: boolean;
  /** AMP for email: its runtime is a script and it may have forms (`text/x-amp-html`). */
  amp?: boolean;
  /** Domains that links may lead to whose host comes from data; absent: everywhere. */
  linkDomains?: readonly string[] | undefined;
  /** Cap of the rendered part in UTF-8 bytes; by default 1 MB for HTML, 100 kB for text, 4 kB for a single line. */
  maxBytes?: number;
};
/** A part ready to be loaded. Plain JSON: it is stored in the frozen version. `source` is Liquid, with URL guards in place. */
export type CompiledPart = { escape: 'html' | 'none'; source: string; singleLine: boolean; maxBytes: number };
/** `variables`: sorted unique paths the content reads; `[]` marks an element of an array (`context.items[].price`). */
export type CompiledContent = { v: 1; parts: Record<string, CompiledPart>; variables: string[] };

/**
 * Compiles the parts of one content at activation. Expected failures are problems, each with what to do; `compiled` is
 * absent when any of them is an ERROR.
 */
export async function compileContent(
  parts: Record<string, PartSource>,
): Promise<{ compiled?: CompiledContent; problems: ContentProblem[] }> {
  const problems: ContentProblem[] = [];
  const compiledParts: [string, CompiledPart][] = [];
  const variables = new Set<string>();
  for (const [part, source] of Object.entries(parts)) {
    const { compiled, nodes, findings } = await compilePart(source);
    problems.push(...findings.map((finding) => ({ part, ...finding })));
    if (!compiled || !nodes) continue;
    compiledParts.push([part, compiled]);
    for (const path of variablesOf(nodes).paths) variables.add(formatPath(path));
  }
  if (problems.some(({ level }) => level === 'ERROR')) return { problems };
  return {
    compiled: { v: 1, parts: Object.fromEntries(compiledParts), variables: leaves(variables) },
    problems,
  };
}

/** Without the objects and arrays on the way to other paths. */
function leaves(paths: Set<string>): string[] {
  const sorted = [...paths].sort();
  return sorted.filter(
    (path) =>
      !sorted.some(
        (other) => other.length > path.length && /^[.[]/.test(other.slice(path.length)) && other.startsWith(path),
      ),
  );
}

async function compilePart(
  part: PartSource,
): Promise<{ compiled?: CompiledPart; nodes?: Node[]; findings: Finding[] }> {
  // The author's own text first: its line numbers are the ones that help.
  const written = parsePart(part.source, part.escape);
  if (!written.nodes) return written;
  const findings = [
    ...unknownNames(part.source, written.nodes),
    ...checkArguments(written.nodes, (offset) => lineAt(part.source, offset)),
  ];
  if (part.singleLine && /[\r\n]/.test(part.source)) {
    findings.push(error('TPL-0001', 'This must be one line. Remove the line breaks.', 1));
  }

  let source = part.source;
  let { nodes } = written;
  if (part.format === 'mjml') {
    const mjml = await compileMjml(part.source);
    if (mjml.html === undefined) return { findings: [...findings, ...mjml.findings] };
    source = mjml.html;
    const again = parsePart(source, part.escape);
    if (!again.nodes) return { findings: [...findings, ...again.findings.map(moved)] };
    nodes = again.nodes;
  }
  if (part.escape === 'html') {
    const lineOf = (offset: number, snippet: string) => {
      if (part.format === 'liquid') return lineAt(source, offset);
      const found = part.source.toLowerCase().indexOf(snippet.toLowerCase());
      return found === -1 ? undefined : lineAt(part.source, found);
    };
    const markup = checkMarkup(nodes, source, lineOf, part);
    findings.push(...once(markup.findings));
    if (findings.some(({ level }) => level === 'ERROR')) return { findings };
    source = applyEdits(source, markup.edits);
    const size = Buffer.byteLength(source);
    if (size > CLIPPED_HTML_BYTES) {
      const message = `The HTML has ${Math.round(size / 1000)} kB before personalisation; some mail clients cut off at 102 kB.`;
      findings.push(warning('TPL-0003', message));
    }
  }
  const kind = part.escape === 'html' ? 'html' : part.singleLine ? 'singleLine' : 'text';
  const maxBytes = part.maxBytes ?? DEFAULT_MAX_BYTES[kind];
  return { compiled: { escape: part.escape, source, singleLine: part.singleLine ?? false, maxBytes }, nodes, findings };
}

function unknownNames(source: string, nodes: Node[]): Finding[] {
  return [...variablesOf(nodes).unknown].map(([name, offset]) =>
    warning(
      'TPL-0001',
      `Nothing is called "${name}", so it prints nothing. Data is found under profile and context.`,
      lineAt(source, offset),
    ),
  );
}

/** A finding in compiled HTML whose line says nothing about the MJML. */
function moved(finding: Finding): Finding {
  return { ...finding, code: 'TPL-0006', message: `After MJML: ${finding.message}`, line: undefined };
}

/** MJML prints attributes several times: one message is enough. */
function once(findings: Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const key = JSON.stringify(finding);
    return !seen.has(key) && seen.add(key);
  });
}
