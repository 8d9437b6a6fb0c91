/**
 * Links from data must not run script (E18). A guard is put only where data can choose the scheme: an output at the
 * beginning of a URL attribute gets the filter `safe_url`; anything trickier is captured whole and then filtered.
 * The guards are ordinary Liquid, so LiquidJS and the compiled path run the same ones.
 */
import { decodeHTMLAttribute } from 'entities';
import { isRefusedLiteralUrl, schemeOf } from '../html/url.ts';
import type { Place } from '../liquid/tree.ts';
import { error, type Finding, quoted, warning } from '../problem.ts';

const URL_ATTRIBUTES = new Set('action background cite data formaction href longdesc poster src xlink:href'.split(' '));

export type UrlPiece = { kind: 'text'; text: string } | { kind: 'output'; place: Place } | { kind: 'block' };
/** Text to put into the source at an offset. */
export type Edit = { at: number; insert: string };
export type UrlValue = { attribute: string; pieces: UrlPiece[]; begin: number; end: number; verbatim: boolean };

export function isUrlAttribute(name: string): boolean {
  return URL_ATTRIBUTES.has(name);
}

/** Judges one URL attribute; `captureName` is free to be used for it. */
export function checkUrl(value: UrlValue, captureName: string): { findings: Finding[]; edits: Edit[] } {
  const [first, second] = value.pieces;
  if (!first) return { findings: [], edits: [] };
  if (first.kind === 'text') {
    const literal = checkLiteral(first.text, value.attribute);
    if (literal.length > 0) return { findings: literal, edits: [] };
    if (value.pieces.length === 1 || schemeOf(first.text) !== undefined || decidesPlace(first.text)) {
      return { findings: [], edits: [] };
    }
  }
  if (value.verbatim) {
    const message = 'A URL that holds values must not begin inside {% raw %}. Move the raw block behind it.';
    return { findings: [error('TPL-0004', message)], edits: [] };
  }
  if (
    first.kind === 'output' &&
    (!second || (second.kind === 'text' && /^[/?#]/.test(decodeHTMLAttribute(second.text))))
  ) {
    return { findings: [], edits: [{ at: first.place.contentEnd, insert: ' | safe_url ' }] };
  }
  return {
    findings: [],
    edits: [
      { at: value.begin, insert: `{% capture ${captureName} %}` },
      { at: value.end, insert: `{% endcapture %}{{ ${captureName} | safe_url | raw }}` },
    ],
  };
}

/** Literal text that already says the URL is relative: what follows can no longer be read as a scheme. */
function decidesPlace(text: string): boolean {
  return /[/?#]/.test(decodeHTMLAttribute(text));
}

function checkLiteral(text: string, attribute: string): Finding[] {
  const url = decodeHTMLAttribute(text).trim();
  if (isRefusedLiteralUrl(url, attribute)) {
    return [error('TPL-0005', `The URL ${quoted(url)} is not allowed. Use https, mailto or tel.`)];
  }
  const host = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
  if (host.includes('@')) {
    return [warning('TPL-0005', `${quoted(url)} hides its host behind a user name. Write the host alone.`)];
  }
  if (/[\u0080-\uffff]/.test(host) && /[a-z]/i.test(host.replace(/\.[a-z]+$/i, ''))) {
    return [warning('TPL-0005', `${quoted(url)} mixes alphabets in its host. Check each letter.`)];
  }
  return [];
}

/** Applies insertions to the source. */
export function applyEdits(source: string, edits: Edit[]): string {
  let result = '';
  let from = 0;
  for (const { at, insert } of edits.toSorted((one, other) => one.at - other.at)) {
    result += source.slice(from, at) + insert;
    from = at;
  }
  return result + source.slice(from);
}
