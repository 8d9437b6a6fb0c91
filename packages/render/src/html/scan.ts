/**
 * A resumable HTML tokenizer: it says where in the markup a Liquid tag stands, which a parser that needs the whole text
 * cannot. States follow the WHATWG tokenizer, coarsely; conditional comments of Outlook are passed over, so that
 * what they hide is read as markup too.
 */
export type Mode =
  | 'text'
  /** Just after `<`. */
  | 'open'
  | 'tag-name'
  /** Inside a tag, outside names and values. */
  | 'in-tag'
  | 'attribute-name'
  /** After `=`. */
  | 'before-value'
  | 'value'
  /** Inside an element whose content is no markup: `raw` names it. */
  | 'raw-text'
  | 'comment'
  /** `<!doctype …>`, `<?…>` and what browsers take for comments. */
  | 'declaration';

export type HtmlState = {
  mode: Mode;
  /** Tag being read, in lower case; empty outside tags. */
  tag: string;
  closing: boolean;
  attribute: string;
  quote: '"' | "'" | '';
  raw: string;
  selfClosing: boolean;
};

/** What the scanner reports. Offsets count from the beginning of the text given to `advance`. */
export type Visitor = {
  tag?(name: string, closing: boolean, offset: number, selfClosing: boolean): void;
  attribute?(name: string, offset: number): void;
  valueBegin?(offset: number): void;
  valueText?(text: string, offset: number): void;
  valueEnd?(offset: number): void;
  text?(text: string, offset: number): void;
};

/** Elements whose content browsers do not read as markup; in `title` and `textarea` they resolve character references. */
const RAW_TEXT = new Set(['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext', 'title', 'textarea']);

export function initialState(): HtmlState {
  return { mode: 'text', tag: '', closing: false, attribute: '', quote: '', raw: '', selfClosing: false };
}

export function sameState(one: HtmlState, other: HtmlState): boolean {
  return (Object.keys(one) as (keyof HtmlState)[]).every((key) => one[key] === other[key]);
}

/** Reads `text` in `state` and changes `state` to where it ends. */
export function advance(state: HtmlState, text: string, visitor: Visitor): void {
  let at = 0;
  while (at < text.length) at = step(state, text, at, visitor);
}

/** A Liquid tag ends an attribute name: `<td {% if a %}nowrap{% endif %}>`. */
export function endAttributeName(state: HtmlState): void {
  if (state.mode !== 'attribute-name' && state.mode !== 'in-tag') return;
  state.mode = 'in-tag';
  state.attribute = '';
}

function step(state: HtmlState, text: string, at: number, visitor: Visitor): number {
  switch (state.mode) {
    case 'text':
      return readText(state, text, at, visitor);
    case 'open':
      return readOpen(state, text, at);
    case 'tag-name':
    case 'in-tag':
    case 'attribute-name':
    case 'before-value':
      return readTag(state, text, at, visitor);
    case 'value':
      return readValue(state, text, at, visitor);
    case 'raw-text':
      return readRawText(state, text, at, visitor);
    case 'comment':
      return readUntil(state, text, at, '-->');
    case 'declaration':
      return readUntil(state, text, at, '>');
  }
}

function readUntil(state: HtmlState, text: string, at: number, end: string): number {
  const found = text.indexOf(end, at);
  if (found === -1) return text.length;
  state.mode = 'text';
  return found + end.length;
}

function readText(state: HtmlState, text: string, at: number, visitor: Visitor): number {
  const bracket = text.indexOf('<', at);
  const end = bracket === -1 ? text.length : bracket;
  if (end > at) visitor.text?.(text.slice(at, end), at);
  if (bracket === -1) return end;
  const conditional = /<!--\[if[^\]]*\]>(?:<!-->)?|<!\[endif\]-->|<!--<!\[endif\]-->|<!-->/y;
  conditional.lastIndex = bracket;
  if (conditional.test(text)) return conditional.lastIndex;
  state.mode = 'open';
  return bracket + 1;
}

function readOpen(state: HtmlState, text: string, at: number): number {
  const next = text.charAt(at);
  state.tag = '';
  state.attribute = '';
  state.selfClosing = false;
  state.closing = next === '/';
  if (text.startsWith('!--', at)) {
    state.mode = 'comment';
    return at + 3;
  }
  if (next === '!' || next === '?') state.mode = 'declaration';
  else if (next === '/')
    state.mode = /[a-z]/i.test(text.charAt(at + 1)) || at + 1 === text.length ? 'tag-name' : 'declaration';
  else if (/[a-z]/i.test(next)) state.mode = 'tag-name';
  else state.mode = 'text';
  if (state.mode !== 'tag-name') state.closing = false;
  return next === '/' ? at + 1 : at;
}

function endTag(state: HtmlState, at: number, visitor: Visitor): number {
  visitor.tag?.(state.tag, state.closing, at, state.selfClosing);
  const isRawText = !state.closing && !state.selfClosing && RAW_TEXT.has(state.tag);
  Object.assign(state, initialState(), isRawText ? { mode: 'raw-text', raw: state.tag } : {});
  return at + 1;
}

function readTag(state: HtmlState, text: string, at: number, visitor: Visitor): number {
  const next = text.charAt(at);
  if (next === '>') return endTag(state, at, visitor);
  if (state.mode === 'tag-name') {
    const end = endOf(/[^\s/>]*/y, text, at);
    state.tag += text.slice(at, end).toLowerCase();
    if (end < text.length) state.mode = 'in-tag';
    return end;
  }
  if (/\s/.test(next)) {
    if (state.mode === 'attribute-name') state.mode = 'in-tag';
    return at + 1;
  }
  if (state.mode === 'before-value') {
    state.mode = 'value';
    state.quote = next === '"' || next === "'" ? next : '';
    const begin = state.quote === '' ? at : at + 1;
    visitor.valueBegin?.(begin);
    return begin;
  }
  if (next === '=' && state.attribute !== '') {
    state.mode = 'before-value';
    return at + 1;
  }
  if (next === '/') {
    state.mode = 'in-tag';
    state.selfClosing = text.charAt(at + 1) === '>';
    return at + 1;
  }
  const end = endOf(/=?[^\s/>=]*/y, text, at);
  const name = text.slice(at, end).toLowerCase();
  state.attribute = state.mode === 'attribute-name' ? state.attribute + name : name;
  state.mode = 'attribute-name';
  visitor.attribute?.(state.attribute, at);
  return end;
}

function readValue(state: HtmlState, text: string, at: number, visitor: Visitor): number {
  const found = state.quote === '' ? endOf(/[^\s>]*/y, text, at) : text.indexOf(state.quote, at);
  const end = found === -1 ? text.length : found;
  if (end > at) visitor.valueText?.(text.slice(at, end), at);
  if (end === text.length) return end;
  visitor.valueEnd?.(end);
  const skipped = state.quote === '' ? 0 : 1;
  state.mode = 'in-tag';
  state.attribute = '';
  state.quote = '';
  return end + skipped;
}

function readRawText(state: HtmlState, text: string, at: number, visitor: Visitor): number {
  const found = text.toLowerCase().indexOf(`</${state.raw}`, at);
  if (found > at || found === -1) visitor.text?.(text.slice(at, found === -1 ? text.length : found), at);
  if (found === -1) return text.length;
  Object.assign(state, initialState(), { mode: 'tag-name', closing: true });
  return found + 2;
}

function endOf(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  sticky.test(text);
  return sticky.lastIndex;
}
