/**
 * Where in the markup does each Liquid tag stand? Values may stand in text and in quoted attributes only (S23), because
 * escaping makes exactly those safe. Branches are followed like a program: every branch must end where the others
 * end, and a loop's body where it began, so that no data can turn text into markup.
 */
import { advance, endAttributeName, type HtmlState, initialState, sameState, type Visitor } from '../html/scan.ts';
import type { Node } from '../liquid/tree.ts';
import { error, type Finding, quoted, warning } from '../problem.ts';
import { checkUrl, type Edit, isUrlAttribute, type UrlPiece } from './url-guard.ts';

const FORBIDDEN_TAGS = new Set('applet base embed form frame frameset iframe math object script svg'.split(' '));

/** AMP's validator at the mail provider decides which scripts run; the components of AMP are loaded by them. */
const AMP_TAGS = new Set(['form', 'script']);

export type MarkupResult = { findings: Finding[]; edits: Edit[] };
/** Line in the author's source for an offset in what is checked; `snippet` is what stands there. */
export type LineOf = (offset: number, snippet: string) => number | undefined;

/** Checks an HTML template and returns the insertions that guard its URLs. */
export function checkMarkup(
  nodes: Node[],
  source: string,
  lineOf: LineOf,
  { amp = false, linkDomains }: { amp?: boolean | undefined; linkDomains?: readonly string[] | undefined } = {},
): MarkupResult {
  const findings: Finding[] = [];
  const edits: Edit[] = [];
  let captures = 0;
  while (source.includes(`guarded_url_${captures}`)) captures += 1;

  const snippetOf = (node: Node) => quoted(source.slice(node.place.begin, node.place.end));
  const refuse = (node: Node, message: string) =>
    findings.push(error('TPL-0004', message, lineOf(node.place.begin, source.slice(node.place.begin, node.place.end))));
  /** States at the loop bodies that are open, for `break` and `continue`. */
  const loops: HtmlState[] = [];

  /** Walks siblings and returns the state they end in. An attribute value must begin and end among the same siblings. */
  function walk(siblings: Node[], begin: HtmlState): HtmlState {
    const state = { ...begin };
    let value: { attribute: string; tag: string; pieces: UrlPiece[]; begin: number; verbatim: boolean } | undefined;
    let textBegin = 0;
    let current: Node | undefined;

    const visitor: Visitor = {
      tag(name, closing, at) {
        if (!closing && FORBIDDEN_TAGS.has(name) && !(amp && AMP_TAGS.has(name))) {
          const line = lineOf(textBegin + at, `<${name}`);
          findings.push(error('TPL-0004', `<${name}> is not allowed in a message. Remove it.`, line));
        }
      },
      attribute(name, at) {
        if (/^on[a-z]/.test(name)) {
          const line = lineOf(textBegin + at, name);
          findings.push(error('TPL-0004', `The event handler ${name} is not allowed in a message. Remove it.`, line));
        }
      },
      valueBegin(at) {
        const verbatim = current?.kind === 'text' && current.verbatim;
        value = { attribute: state.attribute, tag: state.tag, pieces: [], begin: textBegin + at, verbatim };
      },
      valueText(text) {
        value?.pieces.push({ kind: 'text', text });
      },
      valueEnd(at) {
        if (value) endValue({ ...value, end: textBegin + at });
        else if (current)
          refuse(current, 'An attribute value begins outside and ends inside a Liquid block. Close both in one place.');
        value = undefined;
      },
    };
    const endValue = (ended: NonNullable<typeof value> & { end: number }) => {
      if (ended.tag === 'meta' && ended.attribute === 'http-equiv' && ended.pieces.some(refreshes)) {
        const line = lineOf(ended.begin, 'refresh');
        findings.push(error('TPL-0004', '<meta http-equiv="refresh"> is not allowed in a message. Remove it.', line));
      }
      if (!isUrlAttribute(ended.attribute)) return;
      const verdict = checkUrl(ended, `guarded_url_${captures}`, linkDomains);
      const line = lineOf(ended.begin, quoted(source.slice(ended.begin, ended.end)));
      findings.push(...verdict.findings.map((finding) => ({ ...finding, line })));
      edits.push(...verdict.edits);
      captures += 1;
    };

    for (const node of siblings) {
      current = node;
      if (node.kind === 'text') {
        textBegin = node.place.begin;
        advance(state, node.text, visitor);
        continue;
      }
      if (node.kind === 'assign' || node.kind === 'metadata') {
        endAttributeName(state);
        continue;
      }
      if (node.kind === 'output' || node.kind === 'opaque') checkValue(node, state);
      value?.pieces.push(node.kind === 'output' ? { kind: 'output', place: node.place } : { kind: 'block' });
      if (node.kind !== 'output' && node.kind !== 'opaque') {
        checkBlockPosition(node, state);
        Object.assign(state, walkBlock(node, state));
      }
    }
    if (value && current)
      refuse(current, 'An attribute value begins inside a Liquid block and ends outside. Close both in one place.');
    return state;
  }

  function checkValue(node: Node, state: HtmlState): void {
    const snippet = snippetOf(node);
    const isRaw = node.kind === 'output' && node.value.raw;
    const usesEscape = node.kind === 'output' && node.value.filters.some(({ name }) => /^(xml_)?escape$/.test(name));
    if (usesEscape && !isRaw) {
      const line = lineOf(node.place.begin, source.slice(node.place.begin, node.place.end));
      findings.push(
        warning('TPL-0004', `${snippet} is escaped twice: HTML parts escape by themselves. Drop the filter.`, line),
      );
    }
    if (state.mode === 'text') return;
    if (state.mode === 'raw-text' && (state.raw === 'title' || state.raw === 'textarea') && !isRaw) return;
    if (state.mode === 'value' && state.quote !== '') {
      if (isRaw)
        refuse(node, `${snippet} in an attribute must not be raw: a quote in the data would end it. Drop the filter.`);
      return;
    }
    const where: Partial<Record<HtmlState['mode'], string>> = {
      'raw-text': `inside <${state.raw}>`,
      comment: 'inside a comment',
      value: `in the unquoted attribute ${state.attribute}; put quotes around the value`,
      'before-value': `in the unquoted attribute ${state.attribute}; put quotes around the value`,
    };
    refuse(
      node,
      `${snippet} stands ${where[state.mode] ?? 'inside a tag'}. Values may stand in text and in quoted attributes.`,
    );
  }

  function checkBlockPosition(node: Node, state: HtmlState): void {
    endAttributeName(state);
    const isUnquoted = state.mode === 'before-value' || (state.mode === 'value' && state.quote === '');
    if (isUnquoted || state.mode === 'open' || state.mode === 'tag-name' || state.mode === 'declaration') {
      refuse(node, `${snippetOf(node)} stands in a tag's name or in an unquoted attribute. Move it out or add quotes.`);
    }
  }

  /** State after a block. Where branches disagree the first one counts, so one mistake is told once. */
  function walkBlock(node: Node, state: HtmlState): HtmlState {
    if (node.kind === 'break' || node.kind === 'continue') {
      const expected = loops.at(-1) ?? initialState();
      if (!sameState(state, expected))
        refuse(node, `{% ${node.kind} %} leaves a tag or attribute open. Move it behind the tag's end.`);
      return state;
    }
    if (node.kind === 'capture') {
      if (!sameState(walk(node.body, initialState()), initialState())) {
        refuse(node, `${snippetOf(node)} ends inside a tag or attribute. Capture whole pieces of markup.`);
      }
      return state;
    }
    if (node.kind === 'for') {
      loops.push({ ...state });
      const end = closed(walk(node.body, state));
      loops.pop();
      const otherwise = closed(walk(node.otherwise, state));
      if (!sameState(end, state) || !sameState(otherwise, state)) {
        refuse(node, `${snippetOf(node)} must end in the same tag or attribute in which it begins.`);
      }
      return state;
    }
    if (node.kind !== 'if' && node.kind !== 'case') return state;
    const ends = [...node.branches.map(({ body }) => body), node.otherwise].map((body) => closed(walk(body, state)));
    const [first] = ends;
    if (first && !ends.every((end) => sameState(end, first))) {
      refuse(node, `The branches of ${snippetOf(node)} must all end in the same tag or attribute.`);
    }
    return first ?? state;
  }

  const end = walk(nodes, initialState());
  if (end.mode !== 'text') {
    findings.push(error('TPL-0004', 'The markup ends inside a tag, an attribute or a comment. Close it.', undefined));
  }
  return { findings, edits };
}

function closed(state: HtmlState): HtmlState {
  endAttributeName(state);
  return state;
}

function refreshes(piece: UrlPiece): boolean {
  return piece.kind !== 'text' || /refresh/i.test(piece.text);
}
