/**
 * MJML knows nothing of Liquid: bare tags between its elements vanish, quotes inside attributes cut tags short. So each
 * Liquid tag is replaced by an opaque marker before MJML runs and put back afterwards, and markers are counted:
 * what MJML lost is refused, never sent.
 */
import { advance, endAttributeName, type HtmlState, initialState } from '../html/scan.ts';
import { LIMITS } from '../liquid/limits.ts';
import { error, type Finding, quoted } from '../problem.ts';
import { lexLiquid, lineAt, type Piece } from './lex.ts';

/** Elements whose content MJML takes as it is. */
const CONTENT_ELEMENTS = new Set(
  'mj-accordion-text mj-accordion-title mj-button mj-navbar-link mj-preview mj-raw mj-social-element mj-style mj-table mj-text mj-title'.split(
    ' ',
  ),
);
/** Elements that take `mj-raw` children, so a block tag between their children can be kept by wrapping it. */
const WRAPPING_ELEMENTS = new Set(
  'mj-accordion mj-accordion-element mj-body mj-column mj-group mj-hero mj-navbar mj-section mj-social mj-wrapper'.split(
    ' ',
  ),
);

/** Tags that print nothing: outside of the body they may stand before everything else. */
const HOISTED = new Set(['assign', 'metadata']);

export type Marker = {
  piece: Piece;
  line: number;
  /** Where it stands: `in <mj-image> attribute src`, used in messages. */
  where: string;
  /** MJML may print attributes and titles more than once; a block tag anywhere else must come out exactly once. */
  mayRepeat: boolean;
  /** In a comment, which MJML drops. */
  mayVanish: boolean;
};
export type Protected = {
  mjml: string;
  markers: Marker[];
  /** Matches the marker of index `$1`. */
  markerPattern: RegExp;
  /** `assign` and `metadata` tags written outside the body, to stand at the beginning of the HTML. */
  prelude: string;
  /** Line in the author's source of each line of `mjml`, from 1. */
  originalLine(line: number): number;
  findings: Finding[];
};

/** Replaces Liquid by markers; refuses, with line and reason, Liquid where MJML cannot carry it. */
export function protectMjml(source: string): Protected {
  const pieces = lexLiquid(source);
  let prefix = 'LQ';
  while (source.includes(prefix)) prefix += 'X';
  const lines = [1];
  const walker = createWalker(source);
  const markers: Marker[] = [];
  let mjml = '';
  let prelude = '';

  for (const piece of pieces) {
    if (piece.kind === 'text') {
      walker.text(piece.text, piece.begin);
      const firstLine = lineAt(source, piece.begin);
      for (let index = 1; index < piece.text.split('\n').length; index += 1) lines.push(firstLine + index);
      mjml += piece.text;
      continue;
    }
    if (piece.kind === 'comment') continue;
    const line = lineAt(source, piece.begin);
    const standing = walker.liquid(piece, line);
    if (standing === 'hoisted') {
      prelude += piece.text;
      continue;
    }
    const marker = `${prefix}_${markers.length}_`;
    markers.push({ piece, line, ...standing });
    mjml += standing.wrap ? `<mj-raw>${marker}</mj-raw>` : marker;
  }
  walker.end();
  return {
    mjml,
    markers,
    markerPattern: new RegExp(`${prefix}_(\\d+)_`, 'g'),
    prelude,
    originalLine: (line) => lines[line - 1] ?? 1,
    findings: walker.findings,
  };
}

/** Puts the Liquid tags back into compiled HTML and refuses what MJML lost or doubled. */
export function restoreLiquid(html: string, prepared: Protected): { html: string; findings: Finding[] } {
  const counts = new Map<number, number>();
  const restored = html.replace(prepared.markerPattern, (_, digits: string) => {
    const index = Number(digits);
    counts.set(index, (counts.get(index) ?? 0) + 1);
    return prepared.markers[index]!.piece.text;
  });
  const findings = prepared.markers.flatMap(({ piece, where, line, mayRepeat, mayVanish }, index) => {
    const count = counts.get(index) ?? 0;
    if (count === 0 && !mayVanish) {
      return [error('TPL-0006', `MJML drops ${quoted(piece.text)} (${where}). Move it into text content.`, line)];
    }
    if (count > 1 && piece.kind === 'tag' && !mayRepeat) {
      return [error('TPL-0006', `MJML repeats ${quoted(piece.text)} (${where}). Move it into text content.`, line)];
    }
    return [];
  });
  return { html: prepared.prelude + restored, findings };
}

type Standing = { where: string; wrap: boolean; mayRepeat: boolean; mayVanish: boolean };

/** Follows the MJML through the pieces: open elements, current attribute. */
function createWalker(source: string) {
  const findings: Finding[] = [];
  const state: HtmlState = initialState();
  const stack: { name: string; inlineStyle: boolean; line: number }[] = [];
  let sawRoot = false;
  let pendingInline = false;
  let offset = 0;
  const refuse = (message: string, at: number) => findings.push(error('TPL-0006', message, lineAt(source, at)));
  const contentElement = () => {
    const top = stack.at(-1);
    return top && CONTENT_ELEMENTS.has(top.name) ? top : undefined;
  };

  const visitor = {
    attribute(name: string) {
      if (state.tag === 'mj-style' && name === 'inline') pendingInline = true;
    },
    tag(name: string, closing: boolean, at: number, selfClosing: boolean) {
      const content = contentElement();
      const inlineStyle = pendingInline;
      if (!sawRoot && name !== 'mjml') refuse('This is not MJML: the outermost element must be <mjml>.', offset + at);
      sawRoot = true;
      pendingInline = false;
      if (content && !(closing && name === content.name)) return;
      if (name === 'mj-include')
        refuse('<mj-include> is not allowed: files cannot be read. Paste the content instead.', offset + at);
      if (closing) {
        if (stack.at(-1)?.name === name) stack.pop();
        else refuse(`</${name}> closes nothing. Check that every element is closed in order.`, offset + at);
      } else if (!selfClosing) stack.push({ name, inlineStyle, line: lineAt(source, offset + at) });
      if (stack.length === LIMITS.mjmlDepth + 1) {
        refuse(`Elements are nested more than ${LIMITS.mjmlDepth} deep.`, offset + at);
      }
    },
    text(text: string, at: number) {
      const parent = stack.at(-1);
      if (contentElement() || text.trim() === '' || !parent) return;
      refuse(`MJML drops the text "${quoted(text)}" in <${parent.name}>. Put it into <mj-text>.`, offset + at);
    },
  };

  function liquid(piece: Piece, line: number): Standing | 'hoisted' {
    const parent = stack.at(-1);
    const content = contentElement();
    const plain = (where: string): Standing => ({ where, wrap: false, mayRepeat: false, mayVanish: false });
    const refused = (message: string) => {
      findings.push(error('TPL-0006', message, line));
      return { ...plain(''), mayVanish: true };
    };
    const text = quoted(piece.text);
    if (content?.name === 'mj-style' && content.inlineStyle) {
      return refused(`${text} stands in <mj-style inline="inline">, where MJML drops it. Remove inline="inline".`);
    }
    if (content) {
      endAttributeName(state);
      return {
        ...plain(`in <${content.name}>`),
        mayRepeat: content.name === 'mj-title' || content.name === 'mj-preview',
      };
    }
    if (state.mode === 'comment') return { ...plain('in a comment'), mayVanish: true };
    if (state.mode === 'value' || state.mode === 'before-value') {
      if (state.mode === 'before-value') return refused(`Put quotes around ${text} in <${state.tag}>.`);
      return { ...plain(`in attribute ${state.attribute} of <${state.tag}>`), mayRepeat: true };
    }
    if (state.mode !== 'text')
      return refused(`${text} stands inside the tag <${state.tag}>. Only attribute values may hold Liquid.`);
    if (HOISTED.has(piece.name) && (!parent || parent.name === 'mjml' || parent.name === 'mj-head')) return 'hoisted';
    if (!parent) return refused(`${text} stands outside <mjml>. Move it into <mj-body>.`);
    if (piece.kind === 'tag' && WRAPPING_ELEMENTS.has(parent.name)) {
      return { ...plain(`between the children of <${parent.name}>`), wrap: true };
    }
    return refused(
      `${text} stands directly in <${parent.name}>, where MJML drops it. ` +
        (piece.kind === 'tag' ? 'Move it into <mj-body> or into text content.' : 'Put it into <mj-text>.'),
    );
  }

  return {
    findings,
    text(text: string, begin: number) {
      offset = begin;
      advance(state, text, visitor);
    },
    liquid,
    end() {
      if (!sawRoot) findings.push(error('TPL-0006', 'This is not MJML: the outermost element must be <mjml>.', 1));
      const open = stack.at(-1);
      if (open && findings.length === 0)
        findings.push(error('TPL-0006', `<${open.name}> is never closed. Close it.`, open.line));
    },
  };
}
