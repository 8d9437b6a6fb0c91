/** Lines and paragraphs of a text part whose pieces may be Liquid. */
export type TextItem =
  | { kind: 'text'; text: string }
  /** Liquid to be copied. A block (`{% … %}`) prints nothing itself. */
  | { kind: 'liquid'; isBlock: boolean; text: string }
  /** 1 ends the line, 2 ends the paragraph. */
  | { kind: 'break'; size: 1 | 2 }
  /** End of a table cell. */
  | { kind: 'cell' };

/**
 * Joins the items. A block that stands between line breaks must not leave empty lines when rendered, so the line break
 * behind it counts as the one before it: `\n{% for … %}row\n{% endfor %}`.
 */
export function layOut(items: TextItem[]): string {
  let out = '';
  let gap: 0 | 1 | 2 = 0;
  let space: '' | ' ' | '  ' = '';
  /** While `out` ends in blocks that stand on their own: the line breaks before them. Nothing is above the first line. */
  let standing: number | undefined = 2;

  const endLine = (size: number) => {
    out = out.trimEnd() + '\n'.repeat(size);
  };
  const beforeContent = () => {
    if (standing !== undefined) out += '\n'.repeat(Math.max(0, gap - standing));
    else if (gap > 0) endLine(gap);
    else out += space;
    standing = undefined;
    gap = 0;
    space = '';
  };

  for (const item of items) {
    if (item.kind === 'break') gap = Math.max(gap, item.size) as 1 | 2;
    else if (item.kind === 'cell') space = '  ';
    else if (item.kind === 'text') {
      const words = item.text.replace(/[\s\u00a0]+/g, ' ');
      if (/^ /.test(words) && space === '') space = ' ';
      if (words.trim() === '') continue;
      beforeContent();
      out += escapeLiquid(words.trim());
      if (/ $/.test(words)) space = ' ';
    } else if (!item.isBlock) {
      beforeContent();
      out += item.text;
    } else if (standing !== undefined) out += item.text;
    else if (gap > 0) {
      endLine(gap);
      standing = gap;
      gap = 0;
      space = '';
      out += item.text;
    } else {
      out += space + item.text;
      space = '';
    }
  }
  return out.trim();
}

/** Characters that only look like Liquid, such as decoded `&#123;&#123;`. */
function escapeLiquid(text: string): string {
  return text.replace(/\{[{%]+/g, (braces) => `{% raw %}${braces}{% endraw %}`);
}
