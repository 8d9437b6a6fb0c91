import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { before, test } from 'node:test';
import { formatTable, replaceBlock, tableRows } from '../infra/docs/markdown.ts';
import { type GeneratedFile, generateDocs } from '../infra/docs/pages.ts';
import { readServices, variablesOf } from '../infra/docs/variables.ts';
import {
  DEFERRAL_CODES,
  END_CODES,
  EXCLUSION_CODES,
  FAILURE_CODES,
  UNKNOWN_CODES,
} from '../packages/core/src/codes.ts';
import { API_ERRORS } from '../packages/core/src/errors.ts';
import { END_STATES, MESSAGE_STATES, TRANSITIONS } from '../packages/core/src/states.ts';
import { PEER_BEHAVIOURS, USUAL_ANSWERS } from '../packages/testkit/src/provider-conformance.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Production code outside the two tables of codes: where a code that is given or answered must stand. */
const sources = globSync('{packages,services}/*/src/**/*.ts', { cwd: ROOT })
  .filter((path) => !/\.test\.ts$|core\/src\/(codes|errors)\.ts$/.test(path))
  .map(read)
  .join('\n');
const isGiven = (code: string) => sources.includes(`'${code}'`);

let generated: GeneratedFile[];
before(async () => {
  generated = await generateDocs(ROOT);
});

for (const path of [
  'docs/configuration.md',
  'docs/lifecycle.md',
  'docs/campaigns.md',
  'docs/guarantees.md',
  'docs/benchmarks/README.md',
  'docs/scaling.md',
  'docs/openapi.json',
  '.env.example',
]) {
  test(`${path} is what the generator makes of the code`, () => {
    const file = generated.find((one) => one.path === path);
    assert.ok(file, 'the generator does not make it');
    assert.equal(file.present, file.wanted, `${path} is out of date: npm run docs`);
  });
}

test('a variable without a description stops the generator with its name', () => {
  const schema = {
    toJSONSchema: () => ({ properties: { HOST: { type: 'string' } } }),
    safeParse: () => ({ success: false }),
  };
  assert.throws(() => variablesOf('gateway', schema), /HOST \(read by gateway\) has no description/);
});

test('every variable of every service is in the tables, with its secrets marked', async () => {
  const page = read('docs/configuration.md');
  const block = page.slice(0, page.indexOf('<!-- end of variables -->'));
  const rows = new Map(tableRows(block).map(({ code, cells }) => [code, cells]));
  const services = await readServices(ROOT);
  assert.ok(services.length >= 6);
  for (const { variables, choice } of services) {
    for (const variable of [...variables, ...(choice?.providers.flatMap((provider) => provider.variables) ?? [])]) {
      const cells = rows.get(variable.name);
      assert.ok(cells, variable.name);
      assert.ok(cells.includes(variable.description), variable.name);
      assert.equal(cells.includes('yes'), variable.secret, `${variable.name} is secret`);
    }
  }
});

test('every knob on the scaling page is a variable of a service', async () => {
  const known = new Set((await readServices(ROOT)).flatMap(({ variables }) => variables.map(({ name }) => name)));
  const page = read('docs/scaling.md');
  const knobs = page.slice(page.indexOf('## What each knob costs')).match(/`[A-Z]+(_[A-Z]+)+`|`LANES`/g) ?? [];
  assert.ok(knobs.length >= 15);
  assert.deepEqual(
    knobs.filter((knob) => !known.has(knob.slice(1, -1))),
    [],
  );
});

test('every metric that the scaling page looks at is measured', () => {
  const metrics = read('docs/metrics.md');
  const named = read('docs/scaling.md').match(/`outrigger_\w+`/g) ?? [];
  assert.ok(named.length >= 7);
  assert.deepEqual(
    named.filter((name) => !metrics.includes(name)),
    [],
  );
});

test('no secret has a default, so none is ever in .env.example', async () => {
  for (const { variables, choice } of await readServices(ROOT)) {
    for (const variable of [...variables, ...(choice?.providers.flatMap((provider) => provider.variables) ?? [])]) {
      if (variable.secret) assert.equal(variable.defaultText, undefined, variable.name);
      // What looks like one and is not marked is a mistake in the schema.
      else assert.doesNotMatch(variable.name, /SECRET|PASSWORD|_TOKEN$/, `${variable.name} is not marked as secret`);
    }
  }
});

test('the variables of the local start and of the tests are on the configuration page', () => {
  const page = read('docs/configuration.md');
  const local = globSync('infra/local/*.ts', { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'));
  const named = local.flatMap(
    (path) => read(path).match(/\b(OUTRIGGER|TEST)_[A-Z]+(_[A-Z]+)+\b|\bOUTRIGGER_[A-Z]+\b/g) ?? [],
  );
  assert.ok(named.length > 0);
  assert.deepEqual(
    [...new Set(named)].filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

const errorRows = tableRows(read('docs/errors.md'));
const codeRows = tableRows(read('docs/codes.md'));

test('errors.md has every error of the table, once, with its status and title, and no other', () => {
  assert.deepEqual(
    errorRows.map(({ code, cells }) => [code, cells[1], cells[2]]),
    Object.entries(API_ERRORS).map(([code, { status, title }]) => [code, String(status), title]),
  );
});

test('codes.md has every outcome code, once, with its family, state and meaning, and no other', () => {
  const families: [string, Record<string, string>, (code: string) => string][] = [
    ['exclusion', EXCLUSION_CODES, () => 'excluded'],
    ['failure', FAILURE_CODES, () => 'failed'],
    ['deferral', DEFERRAL_CODES, () => 'deferred'],
    ['unknown', UNKNOWN_CODES, () => 'unknown'],
    ['end', END_CODES, (code) => code.slice(0, code.indexOf('.'))],
  ];
  const expected = families.flatMap(([family, codes, state]) =>
    Object.entries(codes).map(([code, meaning]) => [code, family, state(code), meaning]),
  );
  assert.deepEqual(
    codeRows.map(({ code, cells }) => [code, cells[1], cells[2], cells[3]]).sort(byFirst),
    expected.sort(byFirst),
  );
  for (const [code, , state] of expected)
    assert.ok(
      MESSAGE_STATES.some((one) => one === state),
      code,
    );
});

test('each error and each code says what to do', () => {
  for (const { code, cells } of [...errorRows, ...codeRows]) {
    assert.ok((cells.at(-1) ?? '').length > 10, code);
    assert.notEqual(cells.at(-1), cells.at(-2), code);
  }
});

test('a code is called reserved exactly while nothing gives it', () => {
  for (const { code, cells } of [...errorRows, ...codeRows]) {
    assert.equal(cells.at(-1)?.startsWith('Reserved:') ?? false, !isGiven(code), `${code} is reserved`);
  }
});

const lifecycle = read('docs/lifecycle.md');
const stages = lifecycle.slice(lifecycle.indexOf('## The stages'), lifecycle.indexOf('## When a process dies'));

test('the lifecycle draws every transition and names every state and every end', () => {
  const rows = new Set(tableRows(lifecycle).map(({ code }) => code));
  for (const [name, { from, to }] of Object.entries(TRANSITIONS)) {
    for (const state of from) assert.ok(lifecycle.includes(`  ${state} --> ${to}: ${name}\n`), name);
    assert.ok(rows.has(name), name);
  }
  for (const state of END_STATES) assert.ok(lifecycle.includes(`  ${state} --> [*]\n`), state);
  for (const state of MESSAGE_STATES) assert.match(lifecycle, new RegExp(`\\b${state}\\b`));
});

test('every outcome code leaves some stage, and so does every error that a trigger can get', () => {
  const outcomes = codeRows.map(({ code }) => code);
  const errors = errorRows.map(({ code }) => code).filter((code) => code.startsWith('MSG-') && isGiven(code));
  assert.deepEqual(
    [...outcomes, ...errors].filter((code) => !stages.includes(`\`${code}\``)),
    [],
  );
});

test('the stages name no code that does not exist, and give each error its status', () => {
  const known = new Set([...errorRows, ...codeRows].map(({ code }) => code));
  const named = [
    ...stages.matchAll(/`(05\d{4}|[A-Z]{3}-\d{6}|[a-z]+\.[a-z]+_[a-z_]+|(?:transient|permanent|ambiguous|bug)\.\w+)`/g),
  ];
  assert.ok(named.length > 40);
  assert.deepEqual(
    named
      .map((match) => match[1]!)
      .filter((code) => !known.has(code) && !existsSync(join(ROOT, code)) && !isLogEvent(code)),
    [],
  );
  for (const [, status, code] of stages.matchAll(/(\d{3}) `(MSG-\d{6})`/g)) {
    assert.equal(Number(status), API_ERRORS[code as keyof typeof API_ERRORS].status, code);
  }
});

test('the events to look for in the log are those that the code writes', () => {
  const table = lifecycle.slice(
    lifecycle.indexOf('### What to look for in the log'),
    lifecycle.indexOf('## What can be sent twice'),
  );
  const events = tableRows(table).map(({ code }) => code);
  assert.ok(events.length >= 5);
  assert.deepEqual(
    events.filter((event) => !isLogEvent(event)),
    [],
  );
});

function isLogEvent(name: string): boolean {
  return sources.includes(`event: '${name}'`);
}

test('the provider page has every behaviour of the conformance suite with its usual answer', () => {
  const rows = tableRows(read('docs/adding-a-provider.md'));
  assert.deepEqual(
    rows.map(({ code, cells }) => [code, cells[1], cells[2]]),
    PEER_BEHAVIOURS.map((behaviour) => {
      const answer = USUAL_ANSWERS[behaviour];
      return [behaviour, answer.kind, 'code' in answer ? `\`${answer.code}\`` : ''];
    }),
  );
});

const pages = globSync('{README.md,docs/**/*.md}', { cwd: ROOT }).map((path) => ({ path, text: read(path) }));

test('every relative link leads to a file, and its anchor to a heading', () => {
  assert.ok(pages.length >= 6);
  const broken = pages.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
      const target = match[1]!;
      if (/^[a-z]+:/.test(target)) return [];
      const [file, anchor] = target.split('#', 2) as [string, string?];
      const linked = file === '' ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(ROOT, linked))) return [`${path}: ${target} is not there`];
      return anchor === undefined || anchorsOf(read(linked)).has(anchor)
        ? []
        : [`${path}: ${target} has no such heading`];
    }),
  );
  assert.deepEqual(broken, []);
});

test('every path into the repository that a page names is there', () => {
  const paths = /`((?:packages|services|infra|docs|test)\/[^`\s]*)`/g;
  const missing = pages.flatMap(({ path, text }) =>
    [...text.matchAll(paths)].flatMap((match) => {
      const named = match[1]!.replace(/:\d+$/, '');
      // A placeholder stands for something that the reader is about to make.
      if (named.includes('<')) return [];
      const found = named.includes('*') ? globSync(named, { cwd: ROOT }).length > 0 : existsSync(join(ROOT, named));
      return found ? [] : [`${path}: ${named}`];
    }),
  );
  assert.deepEqual(missing, []);
});

test('an npm script that a page tells to run exists', () => {
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
  const told = pages.flatMap(({ text }) => [...text.matchAll(/npm run ([a-z-]+)/g)].map((match) => match[1]!));
  assert.ok(told.length > 0);
  assert.deepEqual(
    told.filter((name) => !scripts.includes(name)),
    [],
  );
});

function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
}

/** As GitHub makes them: lower case, blanks to dashes, everything else but letters, digits, - and _ dropped. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.+)$/gm)];
  return new Set(
    headings.map((match) =>
      match[1]!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function byFirst(one: (string | undefined)[], other: (string | undefined)[]): number {
  return (one[0] ?? '') < (other[0] ?? '') ? -1 : 1;
}

test('a cell may hold a pipe, and a block is found again where it was put', () => {
  const table = formatTable(['code', 'meaning'], [['`A|B`', 'one | other']]);
  assert.deepEqual(tableRows(table), [{ code: 'A|B', cells: ['`A|B`', 'one | other'] }]);
  const page = 'before\n<!-- generated: x. Do not edit: npm run docs -->\nold\n<!-- end of x -->\nafter\n';
  const once = replaceBlock(page, 'x', table);
  assert.equal(replaceBlock(once, 'x', table), once);
  assert.ok(once.startsWith('before\n') && once.endsWith('<!-- end of x -->\nafter\n') && !once.includes('old'));
  assert.throws(() => replaceBlock('no markers', 'x', table), /no markers for x/);
});
