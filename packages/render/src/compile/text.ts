/** The text part of a mail, made from its HTML template once: the Liquid stays in, so it is rendered per message. */
import { decodeHTML } from 'entities';
import { advance, endAttributeName, initialState, type Visitor } from '../html/scan.ts';
import { lexLiquid } from './lex.ts';
import { layOut, type TextItem } from './text-layout.ts';

const BLOCKS = new Set(
  'address article blockquote center dd div dl dt fieldset figure footer h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul'.split(
    ' ',
  ),
);
/** Blocks with an empty line around them. */
const SPACED = new Set('blockquote div h1 h2 h3 h4 h5 h6 ol p pre table ul'.split(' '));

/**
 * Text of a checked HTML template, itself a Liquid template (to be compiled with `escape: 'none'`). Links become
 * `label (url)`, pictures nothing, table rows one line each; what is hidden (`display:none`) stays out, except its
 * Liquid blocks.
 */
export function htmlToTextSource(html: string): string {
  const state = initialState();
  const items: TextItem[] = [];
  const links: { url: string; begin: number }[] = [];
  let url = '';
  let style = '';
  let hidden = 0;
  let inBody = !/<body/i.test(html);
  let attributeText: string[] | undefined;

  const visitor: Visitor = {
    attribute(name) {
      attributeText = name === 'href' || name === 'style' ? [] : undefined;
    },
    valueText(text) {
      attributeText?.push(decodeHTML(text));
    },
    valueEnd() {
      if (!attributeText) return;
      if (state.attribute === 'href') url = attributeText.join('');
      else style = attributeText.join('');
      attributeText = undefined;
    },
    tag(name, closing, _, selfClosing) {
      const isHidden = /display\s*:\s*none/i.test(style);
      if (name === 'body') inBody = !closing;
      if (name === 'div' && !selfClosing && (hidden > 0 || (isHidden && !closing))) hidden += closing ? -1 : 1;
      else if (name === 'a') {
        if (!closing) links.push({ url, begin: items.length });
        else endLink();
      } else if (SPACED.has(name)) items.push({ kind: 'break', size: 2 });
      else if (name === 'br' || BLOCKS.has(name)) items.push({ kind: 'break', size: 1 });
      else if ((name === 'td' || name === 'th') && closing) items.push({ kind: 'cell' });
      if (name === 'li' && !closing) emit('- ');
      url = '';
      style = '';
    },
    text(text) {
      if (state.mode !== 'raw-text') emit(decodeHTML(text));
    },
  };
  function emit(text: string): void {
    if (hidden === 0 && inBody) items.push({ kind: 'text', text });
  }
  function endLink(): void {
    const link = links.pop();
    if (!link || hidden > 0) return;
    const target = link.url.trim();
    const label = layOut(items.slice(link.begin));
    const address = target.replace(/^(mailto|tel):/i, '');
    if (target === '' || target.startsWith('#') || label === target || label === address) return;
    if (label !== '') items.push({ kind: 'text', text: ' ' });
    items.push({ kind: 'liquid', isBlock: false, text: label === '' ? address : `(${address})` });
  }

  for (const piece of lexLiquid(withoutOutlookCopies(html))) {
    if (piece.kind === 'text') {
      advance(state, piece.text, visitor);
      continue;
    }
    endAttributeName(state);
    if (piece.kind === 'comment') continue;
    if (attributeText) attributeText.push(piece.text);
    // Values in other attributes and in hidden text have no place here. Blocks do, for what they surround.
    else if (state.mode === 'text' && (piece.kind === 'tag' || (hidden === 0 && inBody))) {
      items.push({ kind: 'liquid', isBlock: piece.kind === 'tag', text: piece.text });
    }
  }
  return layOut(items);
}

/** Liquid blocks never begin in a conditional comment and end outside (the compiler checks), so each goes as a whole. */
function withoutOutlookCopies(html: string): string {
  return html.replace(/<!--\[if (?:mso|lte|gte|lt|gt|IE|\()[^\]]*\]>(?!<!-->)[\s\S]*?<!\[endif\]-->/gi, '');
}
