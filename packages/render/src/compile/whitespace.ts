/**
 * Removes blanks that no reader can see from compiled HTML: between block-level tags and inside tags. Runs while Liquid
 * is still behind markers, so it never touches a tag's words. (MJML's own minifier loses Liquid tags.)
 */
const INLINE = new Set(
  'a abbr b big bdi bdo button cite code data del dfn em font i img input ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

const TOKEN =
  /<!--\[if[^\]]*\]>(?:<!-->)?|<!\[endif\]-->|<!--<!\[endif\]-->|<!--[\s\S]*?-->|<(style|script|pre|textarea)\b[\s\S]*?<\/\1\s*>|<(?:"[^"]*"|'[^']*'|[^'">])*>|[^<]+|</gi;

/** `isTag` tells whether a marker stands for a block tag, which prints nothing and so takes no room. */
export function collapseBlanks(html: string, markerPattern: RegExp, isTag: (index: number) => boolean): string {
  const tokens = [...html.matchAll(TOKEN)].map((match) => match[0]);
  const shrunk = tokens.map((token) => {
    if (/^<style/i.test(token)) return token.replace(/\s*\n\s*/g, '\n');
    return /^<\/?[a-z][^>]*\s/i.test(token) && !/^<(script|pre|textarea)/i.test(token) ? shrinkTag(token) : token;
  });
  return shrunk
    .map((token, index) => {
      if (token.startsWith('<') || !isBlank(token, markerPattern, isTag)) return token;
      const visible = isInline(shrunk[index - 1]) && isInline(shrunk[index + 1]);
      return token.replace(/\s+/g, visible ? ' ' : '');
    })
    .join('');
}

function isBlank(text: string, markerPattern: RegExp, isTag: (index: number) => boolean): boolean {
  return text.replace(markerPattern, (marker, index: string) => (isTag(Number(index)) ? '' : marker)).trim() === '';
}

function isInline(token: string | undefined): boolean {
  const name = token === undefined ? undefined : /^<\/?([a-z][a-z0-9]*)/i.exec(token)?.[1];
  return name !== undefined && INLINE.has(name.toLowerCase());
}

/** One blank between attributes; values stay as they are. */
function shrinkTag(tag: string): string {
  return tag
    .replace(/"[^"]*"|'[^']*'|\s+(?=[/>])|\s+/g, (part) => {
      if (part.startsWith('"') || part.startsWith("'")) return part;
      return ' ';
    })
    .replace(/ (?=\/?>$)/, '');
}
