import { Tokenizer, TokenKind } from 'liquidjs';

/** A stretch of a template: text between Liquid tags, or one Liquid tag with its delimiters. */
export type Piece = {
  /** `raw` is a whole `{% raw %}…{% endraw %}`, `comment` a whole comment. */
  kind: 'text' | 'output' | 'tag' | 'raw' | 'comment';
  /** Name of a tag. */
  name: string;
  text: string;
  begin: number;
  end: number;
};

/** Splits a template with LiquidJS's own tokenizer, so that both agree on every boundary. Throws its errors. */
export function lexLiquid(source: string): Piece[] {
  const pieces: Piece[] = [];
  let open: { kind: 'raw' | 'comment'; begin: number } | undefined;
  for (const token of new Tokenizer(source).readTopLevelTokens()) {
    const { begin, end } = token;
    const name = token.kind === TokenKind.Tag ? ((token as { name?: string }).name ?? '') : '';
    if (open) {
      if (name !== `end${open.kind}`) continue;
      pieces.push({ kind: open.kind, name: '', text: source.slice(open.begin, end), begin: open.begin, end });
      open = undefined;
    } else if (name === 'raw' || name === 'comment') open = { kind: name, begin };
    else if (name === '#') pieces.push({ kind: 'comment', name, text: source.slice(begin, end), begin, end });
    else {
      const kind = token.kind === TokenKind.HTML ? 'text' : name === '' ? 'output' : 'tag';
      pieces.push({ kind, name, text: source.slice(begin, end), begin, end });
    }
  }
  // An unclosed comment is the parser's to refuse; here it is text of no interest.
  if (open)
    pieces.push({ kind: open.kind, name: '', text: source.slice(open.begin), begin: open.begin, end: source.length });
  return pieces;
}

/** Line of an offset, from 1. */
export function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) line += 1;
  return line;
}
