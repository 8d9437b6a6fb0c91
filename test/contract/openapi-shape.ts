/** An OpenAPI document, or any object in it, as it was read. */
export type Json = { [key: string]: unknown };

export type Parameter = { name: string; in: string; required: boolean; enums: string[] };
/** What an operation takes and answers: fields by their path, such as `recipients[].userId`. */
export type Shape = { parameters: Parameter[]; request: Map<string, Field>; response: Map<string, Field> };
type Field = { required: boolean; enums: Set<string> };

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head'];
/** Schemas that contain themselves end here. */
const DEEPEST = 12;

/** The operations of a document by method and path, for example `get /ajo/im/executions/{}`: names in a path are our own. */
export function shapesOf(document: Json, base = ''): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const [path, item] of entriesOf(document.paths)) {
    for (const [method, operation] of entriesOf(item).filter(([name]) => METHODS.includes(name))) {
      shapes.set(`${method} ${(base + path).replace(/\{[^}]*\}/g, '{}')}`, shapeOf(document, item, operation));
    }
  }
  return shapes;
}

function shapeOf(document: Json, item: Json, operation: Json): Shape {
  const parameters = [...listOf(item.parameters), ...listOf(operation.parameters)].map((one): Parameter => {
    const parameter = resolved(document, one);
    const name = String(parameter.name);
    return {
      name: parameter.in === 'header' ? name.toLowerCase() : name,
      in: String(parameter.in),
      required: parameter.required === true,
      enums: [...(fieldsOf(document, [parameter.schema]).get('')?.enums ?? [])],
    };
  });
  const answers = entriesOf(operation.responses).filter(([status]) => status.startsWith('2'));
  return {
    parameters,
    request: fieldsOf(document, bodiesOf(document, operation.requestBody)),
    response: fieldsOf(
      document,
      answers.flatMap(([, answer]) => bodiesOf(document, answer)),
    ),
  };
}

function bodiesOf(document: Json, body: unknown): unknown[] {
  return entriesOf(resolved(document, body).content).map(([, { schema }]) => schema);
}

/** Every field of these schemas; branches of a union are laid over one another. */
function fieldsOf(document: Json, schemas: unknown[]): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const schema of schemas) collect(schema, '', false, 0);
  return fields;

  function collect(part: unknown, path: string, required: boolean, depth: number): void {
    if (depth > DEEPEST || part === undefined) return;
    const schema = resolved(document, part);
    const field = fields.get(path) ?? { required: false, enums: new Set<string>() };
    fields.set(path, field);
    field.required ||= required;
    const values = [...(Array.isArray(schema.enum) ? schema.enum : []), ...('const' in schema ? [schema.const] : [])];
    for (const value of values) field.enums.add(String(value));
    for (const branch of [schema.allOf, schema.oneOf, schema.anyOf].flatMap(listOf)) {
      collect(branch, path, required, depth + 1);
    }
    if (schema.items) collect(schema.items, `${path}[]`, false, depth + 1);
    const demanded = Array.isArray(schema.required) ? schema.required : [];
    for (const [name, property] of entriesOf(schema.properties)) {
      collect(property, path === '' ? name : `${path}.${name}`, demanded.includes(name), depth + 1);
    }
  }
}

function resolved(document: Json, part: unknown): Json {
  const object = (part ?? {}) as Json;
  if (typeof object.$ref !== 'string') return object;
  const steps = object.$ref.replace(/^#\//, '').split('/');
  return resolved(
    document,
    steps.reduce<unknown>((value, step) => (value as Json)[step], document),
  );
}

const entriesOf = (value: unknown) => Object.entries((value ?? {}) as Record<string, Json>);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
