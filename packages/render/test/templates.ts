/** Random templates and data for the differential test: grammatical Liquid, mostly, over a small set of names. */

import type { JsonObject, JsonValue } from '@outrigger/core';
import fc from 'fast-check';

const names = fc.constantFrom('a', 'b', 'item', 'profile', 'context', 'x');
const keys = fc.constantFrom(
  ...[
    'name',
    'items',
    'price',
    'size',
    'first',
    'last',
    'index',
    'length',
    'constructor',
    '__proto__',
    'toString',
    'nested',
  ],
);
const literal = fc.oneof(
  fc.constantFrom(
    '"text"',
    "'<b>&\"'",
    '""',
    'true',
    'false',
    'nil',
    'empty',
    'blank',
    '0',
    '1',
    '-2',
    '3.5',
    '10',
    '"10"',
  ),
  fc.integer({ min: -20, max: 20 }).map(String),
);
const path = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('context.items', 'profile.name', 'context', 'item', 'context.n') },
      { weight: 2, arbitrary: names },
    ),
    fc.array(
      fc.oneof(
        { weight: 5, arbitrary: keys.map((key) => `.${key}`) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            '[0]',
            '[-1]',
            '["name"]',
            '[a]',
            '[context.n]',
            '[a]',
            '[0]',
            '["size"]',
            '[nil]',
          ),
        },
      ),
      { maxLength: 3 },
    ),
  )
  .map(([root, rest]) => root + rest.join(''));
const value = fc.oneof(
  { weight: 4, arbitrary: path },
  { weight: 2, arbitrary: literal },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '(1..3)',
      '(a..context.n)',
      '(3..1)',
      'forloop.rindex0',
      'forloop.last',
      'forloop.length',
      'forloop.index0',
    ),
  },
);

const filterNames = [
  ...[
    'upcase',
    'downcase',
    'capitalize',
    'escape',
    'escape_once',
    'strip',
    'strip_html',
    'newline_to_br',
    'size',
    'json',
  ],
  ...['first', 'last', 'reverse', 'sort', 'sort_natural', 'uniq', 'compact', 'join', 'abs', 'ceil', 'floor', 'round'],
  ...['url_encode', 'url_decode', 'raw', 'sum', 'squish', 'slugify', 'title_case', 'mask', 'number_format', 'safe_url'],
  ...['average', 'min', 'max', 'top', 'bottom', 'keys', 'values', 'day_of_week', 'week_of_year', 'percent', 'tz'],
  ...['md5', 'email_domain', 'url_host', 'url_path', 'url_protocol', 'to_number', 'to_bool', 'age'],
  ...['date_to_xmlschema', 'base64_encode', 'base64_decode', 'truncatewords', 'to_integer', 'array_to_sentence_string'],
];
const filtersWithArgument = [
  ...['append', 'prepend', 'plus', 'minus', 'times', 'divided_by', 'modulo', 'at_least', 'at_most', 'default', 'join'],
  ...['split', 'remove', 'truncate', 'date', 'map', 'sort', 'where', 'sum', 'group_by', 'concat', 'slice', 'round'],
  ...['includes', 'intersects', 'subset_of', 'contains_i', 'equals_i', 'starts_with', 'ends_with', 'index_of'],
  ...['date_add', 'date_diff', 'top', 'bottom', 'percent', 'tz'],
  ...['has', 'find', 'find_index', 'reject', 'push', 'unshift', 'currency', 'format_date', 'replace', 'mask', 'lstrip'],
];
const argument = fc.oneof(
  value,
  fc.constantFrom('"price"', '"name"', '"%Y-%m-%d"', '", "', '2', '"EUR"', 'allow_false: true'),
);
const filter = fc.oneof(
  fc.constantFrom(...filterNames).map((name) => ` | ${name}`),
  fc
    .tuple(fc.constantFrom(...filtersWithArgument), fc.array(argument, { minLength: 1, maxLength: 2 }))
    .map(([name, args]) => ` | ${name}: ${args.join(', ')}`),
);
const filtered = fc
  .tuple(value, fc.array(filter, { maxLength: 3 }))
  .map(([initial, filters]) => initial + filters.join(''));

const operator = fc.constantFrom('==', '!=', '<', '>', '<=', '>=', 'contains', 'and', 'or');
const condition = fc
  .tuple(fc.constantFrom('', '', 'not '), value, fc.array(fc.tuple(operator, value), { maxLength: 3 }))
  .map(([not, first, rest]) => not + [first, ...rest.flat()].join(' '));
const modifiers = fc.constantFrom(
  ...[
    '',
    '',
    '',
    ' limit: 2',
    ' offset: 1',
    ' reversed',
    ' limit: context.n offset: 1',
    ' limit: a',
    ' offset: continue',
    ' reversed limit: 1',
  ],
);
const text = fc.oneof(
  fc.constantFrom('\n', ' ', 'word', '<p>', 'é😀', '  - '),
  fc.string({ maxLength: 8 }).map((words) => words.replace(/[{%]/g, '')),
);
const open = fc.constantFrom('{%', '{%', '{%-');
const close = fc.constantFrom('%}', '%}', '-%}');

/** A Liquid template. */
export const template: fc.Arbitrary<string> = fc.letrec<{ block: string; node: string }>((tie) => {
  const body = tie('block');
  const tag = (words: fc.Arbitrary<string>) =>
    fc.tuple(open, words, close).map(([left, inner, right]) => `${left} ${inner} ${right}`);
  return {
    block: fc.array(tie('node'), { maxLength: 4 }).map((nodes) => nodes.join('')),
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      {
        weight: 4,
        arbitrary: fc
          .tuple(fc.constantFrom('{{', '{{', '{{-'), filtered, fc.constantFrom('}}', '-}}'))
          .map((parts) => parts.join(' ')),
      },
      { weight: 3, arbitrary: text },
      {
        weight: 1,
        arbitrary: fc.tuple(names, filtered).map(([name, assigned]) => `{% assign ${name} = ${assigned} %}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('"k"', "'a.b-c'", 'plain'), filtered)
          .map(([key, value]) => `{% metadata ${key}, ${value} %}`),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '{% break %}',
          '{% continue %}',
          '{% comment %}no{% endcomment %}',
          '{% raw %}{{ a }}{% endraw %}',
          '{% break %}',
          '{% continue %}',
          "{% cycle 'a', 'b' %}",
        ),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            tag(condition.map((test) => `if ${test}`)),
            body,
            tag(condition.map((test) => `elsif ${test}`)),
            body,
            body,
          )
          .map(([start, one, elsif, two, three]) => `${start}${one}${elsif}${two}{% else %}${three}{% endif %}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(condition, body, body)
          .map(([test, one, two]) => `{% unless ${test} %}${one}{% else %}${two}{% endunless %}`),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(names, value, modifiers, body, body)
          .map(
            ([name, list, modifier, one, two]) =>
              `{% for ${name} in ${list}${modifier} %}${one}{{ ${name} }}{{ forloop.index }}{% else %}${two}{% endfor %}`,
          ),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(names, body).map(([name, one]) => `{% capture ${name} %}${one}{% endcapture %}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(filtered, value, value, body, value, body, body)
          .map(
            ([target, one, or, first, two, second, third]) =>
              `{% case ${target} %}{% when ${one} or ${or} %}${first}{% when ${two} %}${second}{% else %}${third}{% endcase %}`,
          ),
      },
    ),
  };
}).block;

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '<script>alert(1)</script>',
    '{{ profile.name }}',
    '2026-11-21T10:42:00+01:00',
    '12.5',
    'O\u0000\r\nX',
    '__proto__',
  ),
  fc.string({ maxLength: 10 }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const dataKeys = fc.constantFrom(
  ...['name', 'items', 'price', 'size', 'first', 'nested', 'constructor', '__proto__', 'toLiquid', 'equals', 'a', 'n'],
);
const object: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    // As JSON.parse makes them: a key named __proto__ is an own property.
    fc
      .array(fc.tuple(dataKeys, tie('value')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries) as JsonValue),
  ),
})).value;

/** Data in which some names of `template` are found. */
export const data: fc.Arbitrary<{ profile: JsonObject; context: JsonObject }> = fc
  .record({
    name: object,
    items: fc.oneof(
      fc.array(fc.record({ name: scalar, price: scalar, nested: object }), { maxLength: 4 }) as fc.Arbitrary<JsonValue>,
      object,
    ),
    n: scalar,
    extra: object,
  })
  .map(({ name, items, n, extra }) => ({
    profile: { name, nested: extra },
    context: { items, n, name, ...(typeof extra === 'object' && !Array.isArray(extra) ? extra : {}) } as JsonObject,
  }));
