/**
 * Our own view of a parsed template. This file alone knows LiquidJS's node classes and tokens; checks, the list of
 * variables and the compiler read what it returns. Whatever it does not recognise becomes `opaque`, which the compiler
 * answers by leaving the whole part to LiquidJS.
 */
import {
  AssignTag,
  BreakTag,
  CaptureTag,
  CaseTag,
  CommentTag,
  ContinueTag,
  ForTag,
  IfTag,
  InlineCommentTag,
  Output,
  RawTag,
  type Template,
  type Token,
  TokenKind,
  UnlessTag,
} from 'liquidjs';
import { type Escape, engineFor } from './engine.ts';
import { FILTERS } from './filters.ts';
import { MetadataTag } from './metadata.ts';

export type Expression =
  /** Text, numbers, booleans; `undefined` where an operand is missing. */
  | { kind: 'constant'; value: string | number | boolean | undefined }
  /** `nil`, `empty`, `blank`: LiquidJS objects with comparison rules of their own. */
  | { kind: 'special'; value: object }
  | { kind: 'path'; root: string; keys: (string | number | Expression)[] }
  | { kind: 'range'; from: Expression; to: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'not'; operand: Expression }
  | { kind: 'opaque' };

export type FilterCall = { name: string; args: { key?: string; value: Expression }[] };
/** `raw` is true when the last filter is `raw`; the escaping that LiquidJS appends is not among the filters. */
export type FilteredValue = { initial: Expression; filters: FilterCall[]; raw: boolean };

/** Offsets of a node in the source; `contentEnd` is where its words end, before `}}` or `%}`. */
export type Place = { begin: number; end: number; contentEnd: number };
export type Node =
  /** `verbatim`: inside `{% raw %}`, where Liquid added to the source would be printed. */
  | { kind: 'text'; text: string; verbatim: boolean; place: Place }
  | { kind: 'output'; value: FilteredValue; place: Place }
  | { kind: 'if'; branches: { test: FilteredValue; negated: boolean; body: Node[] }[]; otherwise: Node[]; place: Place }
  | {
      kind: 'case';
      value: FilteredValue;
      branches: { values: Expression[]; body: Node[] }[];
      otherwise: Node[];
      place: Place;
    }
  | {
      kind: 'for';
      variable: string;
      collection: Expression;
      collectionText: string;
      modifiers: Record<string, Expression | true>;
      body: Node[];
      otherwise: Node[];
      place: Place;
    }
  | { kind: 'assign'; name: string; value: FilteredValue; place: Place }
  | { kind: 'metadata'; key: string; value: FilteredValue; place: Place }
  | { kind: 'capture'; name: string; body: Node[]; place: Place }
  | { kind: 'break' | 'continue'; place: Place }
  /** A tag that prints something only LiquidJS can work out (`cycle`). */
  | { kind: 'opaque'; tag: string; place: Place };

/** The blocks inside a node, in the order of the source. */
export function bodiesOf(node: Node): Node[][] {
  if (node.kind === 'if' || node.kind === 'case') return [...node.branches.map(({ body }) => body), node.otherwise];
  if (node.kind === 'for') return [node.body, node.otherwise];
  return node.kind === 'capture' ? [node.body] : [];
}

/** LiquidJS's tokens, as far as they are read here. */
type AnyToken = Token & {
  content?: unknown;
  contentRange?: [number, number];
  name?: string;
  operator?: string;
  variable?: AnyToken;
  props?: AnyToken[];
  lhs?: AnyToken;
  rhs?: AnyToken;
};
type AnyFilter = { name: string; handler: unknown; raw: boolean; args: (AnyToken | [string, AnyToken | undefined])[] };
type AnyValue = { initial: { postfix: AnyToken[] }; filters: AnyFilter[] };

/** Turns LiquidJS's templates (parsed by the engine of the same `escape`) into nodes. Comments vanish. */
export function treeOf(templates: Template[], escaping: Escape): Node[] {
  const escapeFilter: unknown = engineFor(escaping).options.outputEscape;
  const nodes = (children: Template[] | undefined) => (children ?? []).flatMap(node);
  const filtered = (value: unknown) => filteredValue(value as AnyValue, escapeFilter);

  function node(template: Template): Node[] {
    const place = placeOf(template.token as AnyToken);
    if (template instanceof Output) return [{ kind: 'output', value: filtered(template.value), place }];
    if (template.token.kind === TokenKind.HTML) {
      const text = (template as unknown as { str: string }).str;
      // LiquidJS trims blanks beside `{%-` when it reads the text, so the place must leave them out too.
      const trimmed = template.token as AnyToken & { trimLeft: number; trimRight: number };
      return textNode(text, place.begin + trimmed.trimLeft, false);
    }
    if (template instanceof CommentTag || template instanceof InlineCommentTag) return [];
    if (template instanceof RawTag) {
      const tokens = (template as unknown as { tokens: AnyToken[] }).tokens;
      const text = tokens.map((token) => token.getText()).join('');
      return textNode(text, tokens[0]?.begin ?? place.end, true);
    }
    if (template instanceof IfTag) {
      const branches = template.branches.map(({ value, templates }) => ({
        test: filtered(value),
        negated: false,
        body: nodes(templates),
      }));
      return [{ kind: 'if', branches, otherwise: nodes(template.elseTemplates), place }];
    }
    if (template instanceof UnlessTag) {
      const branches = template.branches.map(({ value, templates }, index) => ({
        test: filtered(value),
        negated: index === 0,
        body: nodes(templates),
      }));
      return [{ kind: 'if', branches, otherwise: nodes(template.elseTemplates), place }];
    }
    if (template instanceof CaseTag) {
      const branches = template.branches.map(({ values, templates }) => ({
        values: values.map((value) => expression(value as AnyToken)),
        body: nodes(templates),
      }));
      const otherwise = nodes(template.elseTemplates);
      return [{ kind: 'case', value: filtered(template.value), branches, otherwise, place }];
    }
    if (template instanceof ForTag) {
      const { variable, collection, hash } = template;
      const modifiers: Record<string, Expression | true> = Object.create(null);
      for (const [key, value] of Object.entries(hash.hash))
        modifiers[key] = value ? expression(value as AnyToken) : true;
      const [body, otherwise] = [nodes(template.templates), nodes(template.elseTemplates)];
      const collectionText = collection.getText();
      const iterated = expression(collection as AnyToken);
      return [{ kind: 'for', variable, collection: iterated, collectionText, modifiers, body, otherwise, place }];
    }
    if (template instanceof AssignTag) {
      const { key, value } = template as unknown as { key: string; value: unknown };
      return [{ kind: 'assign', name: key, value: filtered(value), place }];
    }
    if (template instanceof MetadataTag) {
      return [{ kind: 'metadata', key: template.key, value: filtered(template.value), place }];
    }
    if (template instanceof CaptureTag) {
      return [{ kind: 'capture', name: template.variable, body: nodes(template.templates), place }];
    }
    if (template instanceof BreakTag) return [{ kind: 'break', place }];
    if (template instanceof ContinueTag) return [{ kind: 'continue', place }];
    return [{ kind: 'opaque', tag: (template.token as AnyToken).name ?? '', place }];
  }
  return nodes(templates);
}

function textNode(text: string, begin: number, verbatim: boolean): Node[] {
  const place = { begin, end: begin + text.length, contentEnd: begin + text.length };
  return text === '' ? [] : [{ kind: 'text', text, verbatim, place }];
}

function placeOf(token: AnyToken): Place {
  return { begin: token.begin, end: token.end, contentEnd: token.contentRange?.[1] ?? token.begin };
}

function filteredValue(value: AnyValue, escapeFilter: unknown): FilteredValue {
  // LiquidJS appends its escaping as a filter; it is the same function as an author's `| escape` but has no known name.
  const filters = value.filters.filter(({ handler, name }) => handler !== escapeFilter || name in FILTERS);
  return {
    initial: expressionOf(value.initial.postfix),
    filters: filters.map((filter) => ({
      name: filter.name,
      args: filter.args.map((arg) =>
        Array.isArray(arg) ? { key: arg[0], value: expression(arg[1]) } : { value: expression(arg) },
      ),
    })),
    raw: value.filters.at(-1)?.raw === true,
  };
}

/** Rebuilds the tree from LiquidJS's postfix notation; it pops operands that are missing as undefined, so do we. */
function expressionOf(postfix: AnyToken[]): Expression {
  const operands: Expression[] = [];
  const pop = (): Expression => operands.pop() ?? { kind: 'constant', value: undefined };
  for (const token of postfix) {
    if (token.kind !== TokenKind.Operator) operands.push(expression(token));
    else if (token.operator === 'not') operands.push({ kind: 'not', operand: pop() });
    else {
      const right = pop();
      operands.push({ kind: 'binary', operator: token.operator ?? '', left: pop(), right });
    }
  }
  return operands.length === 1 ? operands[0]! : { kind: 'opaque' };
}

function expression(token: AnyToken | undefined): Expression {
  if (!token) return { kind: 'constant', value: undefined };
  if ('content' in token) {
    const value = token.content;
    if (typeof value === 'object' && value !== null) return { kind: 'special', value };
    return { kind: 'constant', value: value as string | number | boolean | undefined };
  }
  if (token.kind === TokenKind.Range) return { kind: 'range', from: expression(token.lhs), to: expression(token.rhs) };
  if (token.kind !== TokenKind.PropertyAccess || token.variable || !token.props) return { kind: 'opaque' };
  const [root, ...keys] = token.props.map((prop) => {
    const key = expression(prop);
    return key.kind === 'constant' && (typeof key.value === 'string' || typeof key.value === 'number')
      ? key.value
      : key;
  });
  return typeof root === 'string' ? { kind: 'path', root, keys } : { kind: 'opaque' };
}
