/**
 * Which values a template reads. Loop variables and assigned names are followed back to where their values come from:
 * `{% for item in context.items %}{{ item.price }}` reads `context.items[].price`.
 */
import type { Expression, FilteredValue, Node } from '../liquid/tree.ts';

/** A path as its steps; `null` stands for any element of an array. */
export type Path = readonly (string | null)[];
type Scope = ReadonlyMap<string, Path | undefined>;

const ROOTS = new Set(['profile', 'context']);
/** Filters that return elements of their input, as an array. */
const KEEPS_ELEMENTS = new Set('compact concat push reject reverse slice sort sort_natural uniq where'.split(' '));
/** Filters that return one element of their input. */
const PICKS_ELEMENT = new Set(['find', 'first', 'last', 'pop', 'shift']);
/** Filters whose first argument names a property of the elements. */
const NAMES_PROPERTY = new Set('find find_index group_by has map reject sort sort_natural sum where'.split(' '));

export type VariableUse = {
  paths: Path[] /** Names that nothing sets, with the place of their first use. */;
  unknown: Map<string, number>;
};

/** Collects the paths of one part. */
export function variablesOf(nodes: Node[]): VariableUse {
  const paths: Path[] = [];
  const unknown = new Map<string, number>();
  const assigned = new Map<string, Path | undefined>();
  let offset = 0;

  function read(expression: Expression, scope: Scope): Path | undefined {
    if (expression.kind === 'binary') {
      read(expression.left, scope);
      read(expression.right, scope);
    } else if (expression.kind === 'not') read(expression.operand, scope);
    else if (expression.kind === 'range') {
      read(expression.from, scope);
      read(expression.to, scope);
    }
    if (expression.kind !== 'path') return undefined;
    const steps: (string | null)[] = [];
    let isCount = false;
    for (const key of expression.keys) {
      if (typeof key === 'object') read(key, scope);
      if (key === 'size') isCount = true;
      else if (key === 'first' || key === 'last' || typeof key !== 'string') steps.push(null);
      else steps.push(key);
    }
    const { root } = expression;
    const isLocal = scope.has(root) || assigned.has(root);
    const base: Path | undefined = scope.has(root) ? scope.get(root) : assigned.get(root);
    if (!isLocal && !ROOTS.has(root)) {
      if (root !== 'forloop' && !unknown.has(root)) unknown.set(root, offset);
      return undefined;
    }
    if (isLocal && !base) return undefined;
    const path = [...(base ?? [root]), ...steps];
    paths.push(path);
    return isCount ? undefined : path;
  }

  function readValue(value: FilteredValue, scope: Scope): Path | undefined {
    let path = read(value.initial, scope);
    for (const { name, args } of value.filters) {
      for (const arg of args) read(arg.value, scope);
      const first = args[0]?.value;
      if (path && NAMES_PROPERTY.has(name) && first?.kind === 'constant' && typeof first.value === 'string') {
        paths.push([...path, null, ...first.value.split('.')]);
        if (name === 'map') {
          path = [...path, null, ...first.value.split('.')];
          continue;
        }
      }
      if (path && PICKS_ELEMENT.has(name)) path = [...path, null];
      else if (name !== 'default' && !KEEPS_ELEMENTS.has(name)) path = undefined;
    }
    return path;
  }

  function walk(siblings: Node[], scope: Scope): void {
    for (const node of siblings) {
      offset = node.place.begin;
      if (node.kind === 'output' || node.kind === 'metadata') readValue(node.value, scope);
      else if (node.kind === 'assign') assigned.set(node.name, readValue(node.value, scope));
      else if (node.kind === 'capture') {
        walk(node.body, scope);
        assigned.set(node.name, undefined);
      } else if (node.kind === 'if') {
        for (const { test, body } of node.branches) {
          readValue(test, scope);
          walk(body, scope);
        }
        walk(node.otherwise, scope);
      } else if (node.kind === 'case') {
        readValue(node.value, scope);
        for (const { values, body } of node.branches) {
          for (const value of values) read(value, scope);
          walk(body, scope);
        }
        walk(node.otherwise, scope);
      } else if (node.kind === 'for') {
        const collection = read(node.collection, scope);
        for (const modifier of Object.values(node.modifiers)) if (modifier !== true) read(modifier, scope);
        const item = collection && [...collection, null];
        if (item) paths.push(item);
        walk(node.body, new Map([...scope, [node.variable, item], ['forloop', undefined]]));
        walk(node.otherwise, scope);
      }
    }
  }
  walk(nodes, new Map());
  return { paths, unknown };
}

/** `context.items[].price`; names that are no identifiers are quoted: `context["unit price"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (step === null) return '[]';
      if (/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step)) return index === 0 ? step : `.${step}`;
      return `[${JSON.stringify(step)}]`;
    })
    .join('');
}

/** The inverse of `formatPath`. */
export function parsePath(text: string): Path {
  return [...text.matchAll(/\[\]|\[("(?:[^"\\]|\\.)*")\]|\.?([^.[\]]+)/g)].map(([, literal, name]) => {
    if (literal !== undefined) return JSON.parse(literal) as string;
    return name ?? null;
  });
}
