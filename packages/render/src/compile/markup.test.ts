import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompiledContent, type ContentProblem, compileContent, loadContent } from '../index.ts';

async function compile(source: string): Promise<{ compiled?: CompiledContent; problems: ContentProblem[] }> {
  return compileContent({ html: { format: 'liquid', escape: 'html', source } });
}

async function rendered(source: string, context: Record<string, string>): Promise<string> {
  const { compiled, problems } = await compile(source);
  assert.ok(compiled, JSON.stringify(problems));
  const result = loadContent(compiled).render({ profile: {}, context });
  assert.ok('parts' in result);
  return result.parts.html!;
}

const codes = async (source: string) => (await compile(source)).problems.map(({ level, code }) => `${level} ${code}`);

test('values stand in text and in quoted attributes, nowhere else (E20)', async () => {
  const refused = [
    '<script>{{ context.x }}</script>',
    '<style>a { color: {{ context.x }} }</style>',
    '<!-- {{ context.x }} -->',
    '<p class={{ context.x }}>a</p>',
    '<p {{ context.x }}>a</p>',
    '<{{ context.x }}>a',
    '<h{{ context.x }}>a',
    '<p data-{{ context.x }}="a">a</p>',
    '<p title="{{ context.x | raw }}">a</p>',
    '<p onclick="{{ context.x }}">a</p>',
    '<p title="{{ context.x }}',
  ];
  for (const source of refused) assert.ok((await codes(source)).includes('ERROR TPL-0004'), source);
  const accepted = [
    '<p title="{{ context.x }}" class=\'a {{ context.x }}\'>{{ context.x }}</p>',
    '<p {% if context.x %}class="a"{% endif %} {% if context.x %}hidden{% endif %}>a</p>',
    '<title>{{ context.x }}</title><style>{% if context.x %}a { color: red }{% endif %}</style>',
    '<!--[if mso]><td width="{{ context.x }}">{{ context.x }}<![endif]--><!-- {% if context.x %}x{% endif %} -->',
    '{% for i in context.x %}<tr><td>{{ i }}</td></tr>{% else %}<tr></tr>{% endfor %}',
    '{% if context.x %}<p class="a">{% else %}<p>{% endif %}text</p>',
  ];
  for (const source of accepted) assert.deepEqual(await codes(source), [], source);
});

test('branches and loops may not leave the markup in different places', async () => {
  const refused = [
    '<p title="{% if context.x %}">{% else %}" lang="{% endif %}">',
    '{% if context.x %}<p title="{% endif %}">',
    '<p{% for i in context.x %} title="a{% endfor %}">',
    '<p title="{% if context.x %}a">{% endif %}">',
    '{% for i in context.x %}<a title="{% break %}">{% endfor %}',
    '{% capture c %}<p title="{% endcapture %}',
    '{% if context.x %}<p title="a{% else %}<p title="b{% endif %}">',
    '{% if context.x %}<p{% else %}<b>{% endif %} title="a">',
    '{% if context.x %}a{% else %}<!-- {% endif %} b',
    '{% case context.x %}{% when 1 %}<p{% else %}{% endcase %}',
  ];
  for (const source of refused) assert.ok((await codes(source)).includes('ERROR TPL-0004'), source);
});

test('elements and handlers that run or send something are refused (E21)', async () => {
  const refused = [
    ...[
      '<script>1</script>',
      '<IFRAME src="https://a.example">',
      '<form>',
      '<object data="x">',
      '<base href="https://a.example">',
    ],
    ...[
      '<embed>',
      '<svg onload="x">',
      '<p ONCLICK="x">',
      '<img src="a.png" onerror="x">',
      '<meta http-equiv="Refresh" content="0">',
    ],
  ];
  for (const source of refused) assert.ok((await codes(source)).includes('ERROR TPL-0004'), source);
});

test('an author may not write a script URL, and is warned of a disguised host (E18, E29)', async () => {
  for (const url of [
    'javascript:x',
    ' JavaScript:x',
    'java&#115;cript:x',
    'vbscript:x',
    'data:text/html,x',
    'javascript:{{ context.x }}',
  ]) {
    assert.deepEqual(await codes(`<a href="${url}">a</a>`), ['ERROR TPL-0005'], url);
  }
  assert.deepEqual(await codes('<img src="data:image/png;base64,AAAA">'), []);
  assert.deepEqual(await codes('<a href="https://good.example@evil.example">a</a>'), ['WARNING TPL-0005']);
  assert.deepEqual(await codes('<a href="https://g\u043e\u043ed.com">a</a>'), ['WARNING TPL-0005']);
});

test('a link from data loses its script scheme however it is put together', async () => {
  const hostile = 'javascript:alert(1)';
  assert.equal(await rendered('<a href="{{ context.u }}">', { u: hostile }), '<a href="#">');
  assert.equal(
    await rendered('<a href="{{ context.u }}">', { u: 'https://a.example/?a=1&b=2' }),
    '<a href="https://a.example/?a=1&amp;b=2">',
  );
  assert.equal(await rendered('<a href="{{ context.u }}/path">', { u: hostile }), '<a href="#/path">');
  assert.equal(
    await rendered('<a href="{{ context.u }}{{ context.v }}">', { u: 'java', v: 'script:alert(1)' }),
    '<a href="#">',
  );
  assert.equal(await rendered('<a href="java{{ context.v }}">', { v: 'script:alert(1)' }), '<a href="#">');
  assert.equal(await rendered('<a href="{{ context.u }}://x">', { u: 'javascript' }), '<a href="#">');
  assert.equal(
    await rendered('<a href="{% if context.u %}{{ context.u }}{% endif %}">', { u: hostile }),
    '<a href="#">',
  );
  assert.equal(await rendered('<a href="{{ context.u }}:443">', { u: 'javascript' }), '<a href="#">');
  assert.equal(
    await rendered('<a href="{{ context.u | default: "https://a.example" }}">', {}),
    '<a href="https://a.example">',
  );
  assert.equal(
    await rendered('<a href="https://a.example/{{ context.u }}">', { u: hostile }),
    `<a href="https://a.example/${hostile}">`,
  );
  assert.equal(await rendered('<img src="{{ context.u }}">', { u: ' \u0001JaVaScRiPt:x' }), '<img src="#">');
});

test('a guarded URL is escaped once', async () => {
  const source = '<a href="{{ context.u }}{{ context.v }}">';
  assert.equal(
    await rendered(source, { u: 'https://a.example/?x="', v: '&y=1' }),
    '<a href="https://a.example/?x=&#34;&amp;y=1">',
  );
});

test('escaping twice is a warning (E14)', async () => {
  assert.deepEqual(await codes('{{ context.x | escape }}'), ['WARNING TPL-0004']);
  assert.deepEqual(await codes('{{ context.x | escape | raw }}'), []);
});
