import { z } from 'zod';

/** Networks cut or refuse more; what templates add is checked again for each message. */
const suggestionText = z.string().min(1).max(200);
const template = (max: number) => z.string().min(1).max(max);
const uri = template(2_000);
/** A number, or a template that yields one. */
const coordinate = z.union([z.number(), template(500)]);

const suggestion = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('reply'), text: suggestionText, postbackData: template(2_048).optional() }),
  z.strictObject({ type: z.literal('openUrl'), text: suggestionText, url: uri }),
  z.strictObject({ type: z.literal('dial'), text: suggestionText, phoneNumber: template(200) }),
  z.strictObject({
    type: z.literal('viewLocation'),
    text: suggestionText,
    latitude: coordinate,
    longitude: coordinate,
    label: template(200).optional(),
  }),
]);

const card = z.strictObject({
  title: template(1_000).optional(),
  description: template(3_072).optional(),
  mediaUri: uri.optional(),
  mediaHeight: z.enum(['SHORT', 'MEDIUM', 'TALL']).optional(),
  suggestions: z.array(suggestion).max(4).optional(),
});

const suggestions = z.array(suggestion).max(11).optional();

/** What a phone with RCS shows (spec 4.2). Texts, addresses and places may be templates. */
export const rcsContent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: template(3_072), suggestions }),
  z.strictObject({ type: z.literal('media'), mediaUri: uri, thumbnailUri: uri.optional(), suggestions }),
  z.strictObject({
    type: z.literal('card'),
    card,
    orientation: z.enum(['VERTICAL', 'HORIZONTAL']).optional(),
    suggestions,
  }),
  z.strictObject({
    type: z.literal('carousel'),
    cards: z.array(card).max(10).describe('2 at least, by activation'),
    cardWidth: z.enum(['SMALL', 'MEDIUM']).optional(),
    suggestions,
  }),
  z.strictObject({
    type: z.literal('location'),
    latitude: coordinate,
    longitude: coordinate,
    label: template(200).optional(),
    suggestions,
  }),
]);
export type AuthoredRcs = z.infer<typeof rcsContent>;

/** The same content with every template replaced by what `fill` makes of it; `path` is its place, for example `cards.0.title`. */
export function fillRcs<Content>(content: Content, fill: (path: string, source: string) => string): Content {
  const walk = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return /\{[{%]/.test(value) ? fill(path, value) : value;
    if (Array.isArray(value)) return value.map((inner, index) => walk(inner, `${path}.${index}`));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, path === '' ? name : `${path}.${name}`)]),
    );
  };
  return walk(content, '') as Content;
}

/** The templates of an RCS content, by their place. */
export function rcsTemplates(content: AuthoredRcs): Record<string, string> {
  const found: Record<string, string> = {};
  fillRcs(content, (path, source) => {
    found[path] = source;
    return source;
  });
  return found;
}
