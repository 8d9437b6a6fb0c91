import type { OpenApiContent, OpenApiDocument, OpenApiOperation } from './document.ts';
import type { JsonSchema } from './json-schema.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --blue: #2563eb; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); } nav a { margin-right: 1rem; } a { color: var(--blue); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { cursor: pointer; padding: .45rem .75rem; } details > div { padding: 0 .9rem .8rem; }
code { font: 13px/1.5 ui-monospace, monospace; } .verb { display: inline-block; width: 4.2rem; font-weight: 700; }
.muted { opacity: .7; } pre { background: var(--soft); padding: .7rem; overflow-x: auto; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
`;

/** The document as one page for people: no script, nothing loaded from elsewhere, so it opens without a network. */
export function openApiPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags[0] === name);
    const entries = own.map(({ path, method, operation }) => operationHtml(path, method, operation)).join('');
    return `<h2 id="${anchor(name)}">${text(name)}</h2>${entries}`;
  });
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${anchor(name)}"><summary><code>${text(name)}</code></summary><div>${schemaHtml(schema)}</div></details>`,
  );
  const links = document.tags.map(({ name }) => `<a href="#${anchor(name)}">${text(name)}</a>`).join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${text(document.info.title)} API</title>
<style>${STYLE}</style></head><body><h1>${text(document.info.title)} API</h1><p>${text(document.info.description)}
<a href="openapi.json">OpenAPI ${text(document.openapi)} document</a></p><nav>${links}<a href="#schemas">Schemas</a></nav>
${groups.join('\n')}<h2 id="schemas">Schemas</h2>${schemas.join('')}</body></html>`;
}

function operationHtml(path: string, method: string, operation: OpenApiOperation): string {
  const scope = operation['x-scope'];
  const parameters = operation.parameters.map(
    ({ name, in: place, required, description = '', schema }) =>
      `<tr><td><code>${text(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${text(description)} ${schemaHtml(schema)}</td></tr>`,
  );
  const body = operation.requestBody;
  const responses = Object.entries(operation.responses).map(
    ([status, { description, content }]) =>
      `<tr><td><b>${status}</b></td><td>${text(description).replaceAll('\n', '<br>')}${status < '300' ? contentHtml(content) : ''}</td></tr>`,
  );
  return `<details id="${operation.operationId}"><summary><span class="verb">${method.toUpperCase()}</span><code>${text(path)}</code>
 <span class="muted">${text(operation.summary)}</span></summary><div>
${operation.description ? `<p>${text(operation.description)}</p>` : ''}
<p class="muted">${scope ? `Needs the scope <code>${text(scope)}</code>.` : 'Needs no credentials.'}</p>
${parameters.length > 0 ? `<h4>Parameters</h4><table>${parameters.join('')}</table>` : ''}
${body ? `<h4>Body</h4><p>${text(body.description)}</p>${contentHtml(body.content)}` : ''}
<h4>Answers</h4><table>${responses.join('')}</table></div></details>`;
}

function contentHtml(content: OpenApiContent | undefined): string {
  return Object.entries(content ?? {})
    .map(([mediaType, { schema }]) => `<p><code>${text(mediaType)}</code></p>${schemaHtml(schema)}`)
    .join('');
}

/** A schema as its JSON, with its references as links. */
function schemaHtml(schema: JsonSchema): string {
  const json = text(JSON.stringify(schema, null, 2)).replace(
    /#\/components\/schemas\/([\w.-]+)/g,
    (all, name: string) => `<a href="#schema-${anchor(name)}">${all}</a>`,
  );
  return json.length < 60 ? `<code>${json}</code>` : `<pre>${json}</pre>`;
}

const anchor = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-');

const text = (value: string) => value.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
