import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlToTextSource } from './text.ts';

test('paragraphs, line breaks, lists and table rows become lines', () => {
  const html =
    '<html><head><title>no</title><style>p{}</style></head><body><h1>Title</h1><p>One<br>two   <b>three</b></p><ul><li>a</li><li>b</li></ul><table><tr><td>x</td><td>1</td></tr><tr><td>y</td><td>2</td></tr></table></body></html>';
  assert.equal(htmlToTextSource(html), 'Title\n\nOne\ntwo three\n\n- a\n- b\n\nx  1\ny  2');
});

test('links keep their label and address once', () => {
  assert.equal(htmlToTextSource('<a href="https://a.example">Shop</a>'), 'Shop (https://a.example)');
  assert.equal(htmlToTextSource('<a href="https://a.example">https://a.example</a>'), 'https://a.example');
  assert.equal(htmlToTextSource('<a href="mailto:a@b.example">a@b.example</a>'), 'a@b.example');
  assert.equal(htmlToTextSource('<a href="https://a.example"><img src="x.png" alt="Logo"></a>'), 'https://a.example');
  assert.equal(htmlToTextSource('<a href="#top">Top</a> <a>bare</a>'), 'Top bare');
  assert.equal(
    htmlToTextSource('<a href="{{ context.u | safe_url }}?a=1&amp;b=2">{{ context.l }}</a>'),
    '{{ context.l }} ({{ context.u | safe_url }}?a=1&b=2)',
  );
});

test('blocks stay, and standing alone they leave no empty lines', () => {
  const html =
    '<table>{% for i in context.items %}<tr><td>{{ i.name }}</td></tr>{% endfor %}{% if context.x %}<tr><td>x</td></tr>{% else %}<tr><td>y</td></tr>{% endif %}</table><p>Hi{% if context.n %}, {{ context.n }}{% endif %}!</p>';
  assert.equal(
    htmlToTextSource(html),
    '{% for i in context.items %}{{ i.name }}\n{% endfor %}{% if context.x %}x\n{% else %}y\n{% endif %}\nHi{% if context.n %}, {{ context.n }}{% endif %}!',
  );
});

test('hidden text, comments and Outlook copies stay out', () => {
  const html =
    '<div style="display:none">preview {{ context.p }}<div>more</div></div><!-- note --><!--[if mso]><p>twice</p><![endif]--><!--[if !mso]><!--><p>once</p><!--<![endif]-->';
  assert.equal(htmlToTextSource(html), 'once');
});

test('character references are resolved, and never become Liquid', () => {
  assert.equal(htmlToTextSource('<p>a &amp; b&nbsp;&copy; &lt;c&gt;</p>'), 'a & b © <c>');
  assert.equal(
    htmlToTextSource('<p>&#123;&#123; context.x }} &#123;% if</p>'),
    '{% raw %}{{{% endraw %} context.x }} {% raw %}{%{% endraw %} if',
  );
  assert.equal(
    htmlToTextSource('<p>{% raw %}{{ x }}{% endraw %}{% comment %}no{% endcomment %}</p>'),
    '{% raw %}{{ x }}{% endraw %}',
  );
});

test('values in attributes stay out', () => {
  assert.equal(htmlToTextSource('<p title="{{ context.t }}" {% if context.c %}class="x"{% endif %}>a</p>'), 'a');
});
