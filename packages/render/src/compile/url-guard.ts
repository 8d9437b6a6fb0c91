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

/** Attributes that lead a reader somewhere; the others load what a message shows. */
const LINK_ATTRIBUTES = new Set(['action', 'formaction', 'href', 'xlink:href']);

export type UrlPiece = { kind: 'text'; text: string } | { kind: 'output'; place: Place } | { kind: 'block' };
/** Text to put into the source at an offset. */
export type Edit = { at: number; insert: string };
export type UrlValue = { attribute: string; pieces: UrlPiece[]; begin: number; end: number; verbatim: boolean };

export function isUrlAttribute(name: string): boolean {
  return URL_ATTRIBUTES.has(name);
}

/**
 * Judges one URL attribute; `captureName` is free to be used for it. With `linkDomains`, links whose host data may choose lead to
 * these domains alone (spec 13.3).
 */
export function checkUrl(
  value: UrlValue,
  captureName: string,
  linkDomains?: readonly string[],
): { findings: Finding[]; edits: Edit[] } {
  const domains = LINK_ATTRIBUTES.has(value.attribute) ? linkDomains : undefined;
  const filter = domains ? `safe_url: "${domains.join(' ')}"` : 'safe_url';
  const [first, second] = value.pieces;
  if (!first) return { findings: [], edits: [] };
  if (first.kind === 'text') {
    const literal = checkLiteral(first.text, value.attribute);
    if (literal.length > 0) return { findings: literal, edits: [] };
    const decided = domains ? decidesHost(first.text) : schemeOf(first.text) !== undefined || decidesPlace(first.text);
    if (value.pieces.length === 1 || decided) {
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
    return { findings: [], edits: [{ at: first.place.contentEnd, insert: ` | ${filter} ` }] };
  }
  return {
    findings: [],
    edits: [
      { at: value.begin, insert: `{% capture ${captureName} %}` },
      { at: value.end, insert: `{% endcapture %}{{ ${captureName} | ${filter} | raw }}` },
    ],
  };
}

/** Literal text that already says the URL is relative: what follows can no longer be read as a scheme. */
function decidesPlace(text: string): boolean {
  return /[/?#]/.test(decodeHTMLAttribute(text));
}

/** Literal text after which data can no longer choose the host: it is named, or the address has none, or is a path on ours. */
function decidesHost(text: string): boolean {
  const url = decodeHTMLAttribute(text).trim();
  const scheme = schemeOf(url);
  if (scheme === 'http' || scheme === 'https') return /^https?:\/\/[^/?#\\]+[/?#]/i.test(url);
  return scheme !== undefined || /^([?#]|\/[^/\\])/.test(url);
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
