/**
 * Filters over text (spec 13.2). There is none with a regular expression: a pattern of an author over a text of a stranger can
 * take longer than any limit stops.
 */
import { createHash } from 'node:crypto';
import type { FilterScope } from './date.ts';

/** `stringify` of filters.ts, which imports this file. */
type Stringify = (value: unknown) => string;

/** The filters, over the way in which a value becomes text. */
export function textFilters(stringify: Stringify) {
  function textOf(scope: FilterScope, value: unknown): string {
    const text = stringify(value);
    scope.context.memoryLimit.use(text.length);
    return text;
  }

  /** `new URL` takes more than mails should link to, but reads a host as browsers do. */
  function urlOf(scope: FilterScope, value: unknown): URL | undefined {
    const text = textOf(scope, value);
    return URL.canParse(text) ? new URL(text) : undefined;
  }

  return {
    /** Liquid `md5`: as hexadecimal digits. For cache keys and avatars, not for secrets. */
    md5(this: FilterScope, value: unknown): string {
      return createHash('md5').update(textOf(this, value)).digest('hex');
    },
    /** Liquid `email_domain`: what stands behind the last @; nothing without one. */
    email_domain(this: FilterScope, value: unknown): string {
      const text = textOf(this, value);
      const at = text.lastIndexOf('@');
      return at === -1 ? '' : text.slice(at + 1).trim();
    },
    /** Liquid `url_host`. */
    url_host(this: FilterScope, value: unknown): string {
      return urlOf(this, value)?.hostname ?? '';
    },
    /** Liquid `url_path`. */
    url_path(this: FilterScope, value: unknown): string {
      return urlOf(this, value)?.pathname ?? '';
    },
    /** Liquid `url_protocol`, without the colon. */
    url_protocol(this: FilterScope, value: unknown): string {
      return urlOf(this, value)?.protocol.slice(0, -1) ?? '';
    },
    /** Liquid `contains_i: part`: whether a text holds another, upper and lower case alike. */
    contains_i(this: FilterScope, value: unknown, part: unknown): boolean {
      return textOf(this, value).toLowerCase().includes(textOf(this, part).toLowerCase());
    },
    /** Liquid `equals_i: other`. */
    equals_i(this: FilterScope, value: unknown, other: unknown): boolean {
      return textOf(this, value).toLowerCase() === textOf(this, other).toLowerCase();
    },
    /** Liquid `starts_with: part`. */
    starts_with(this: FilterScope, value: unknown, part: unknown): boolean {
      return textOf(this, value).startsWith(textOf(this, part));
    },
    /** Liquid `ends_with: part`. */
    ends_with(this: FilterScope, value: unknown, part: unknown): boolean {
      return textOf(this, value).endsWith(textOf(this, part));
    },
    /** Liquid `index_of: part`: from 0; -1 where it is not. */
    index_of(this: FilterScope, value: unknown, part: unknown): number {
      return textOf(this, value).indexOf(textOf(this, part));
    },
    /** Liquid `to_number`: nothing for what is no number. */
    to_number(this: FilterScope, value: unknown): number | undefined {
      const text = textOf(this, value).trim();
      const number = Number(text);
      return text === '' || Number.isNaN(number) ? undefined : number;
    },
    /** Liquid `to_bool`: `true`, `yes`, `y`, `on` and numbers but 0 are true. */
    to_bool(this: FilterScope, value: unknown): boolean {
      const text = textOf(this, value).trim().toLowerCase();
      return (
        ['true', 'yes', 'y', 'on'].includes(text) || (text !== '' && Number(text) !== 0 && !Number.isNaN(Number(text)))
      );
    },
  };
}
