import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { openApiText } from '../../infra/docs/openapi.ts';
import { type Json, type Shape, shapesOf } from './openapi-shape.ts';

/**
 * The folder with the OpenAPI files of the API that ours is compatible with. They are somebody else's text and not part of the
 * project, so without the folder nothing is compared.
 */
const FOLDER = process.env.COMPATIBLE_API_DIR;

/** Where ours differs on purpose, and why. One that fits nothing (any more) fails the test. */
const DIFFERENCES: [difference: RegExp, reason: string][] = [
  [/header parameter x-request-id$/, 'It may be sent; we have no use for it, so that we do not ask for it either.'],
  [/health: header parameter/, 'Our health is open to whoever checks it.'],
  [/header parameter content-type$/, 'OpenAPI 3.1 says the media type of a body where the body is.'],
  [
    /attachments\[\]\.[\w.]+ is required$/,
    'The files of a recipient are told on a page and not in the file; half of one is none.',
  ],
  [/pushInfo\.(appID|platform|token) is required$/, 'A token that no message can be sent to is refused at the call.'],
  [/previewRequestItems is required$/, 'There is nothing to preview without it.'],
  [/entity\.entityValue is required$/, 'Nothing can be put on a list without it.'],
  [/uploads: request file is required$/, 'There is nothing to import without it.'],
  [/status=PENDING,$/, 'The comma is a slip of the pen; the status is PENDING.'],
  [/tokens\[\]\.(token|platform) is required$/, 'No message can be sent to half of a token.'],
  [/proofs: request recipients is required$/, 'There is nobody to send it to without them.'],
];

test('every operation, parameter, required field and enum of the compatible API is in ours', async (t) => {
  if (!FOLDER) return t.skip('DID NOT RUN: COMPATIBLE_API_DIR names no folder with the OpenAPI files to compare with.');
  const files = readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));
  assert.ok(files.length > 0, `no OpenAPI files in ${FOLDER}`);
  const ours = shapesOf(JSON.parse(await openApiText()) as Json);
  const theirs = files.flatMap((name) => {
    // Not `parse`: one of the files has a description that YAML refuses, and what follows it is whole.
    const document = parseDocument(readFileSync(join(FOLDER, name), 'utf8')).toJS() as Json & {
      servers: { url: string }[];
    };
    const shapes = shapesOf(document, new URL(document.servers[0]!.url).pathname.replace(/\/$/, ''));
    assert.ok(shapes.size > 0, `no operations in ${name}`);
    return [...shapes];
  });
  t.diagnostic(`${theirs.length} operations of ${files.length} files`);
  const found = theirs.flatMap(([name, shape]) => missing(name, shape, ours.get(name)));
  const unknown = found.filter((one) => !DIFFERENCES.some(([difference]) => difference.test(one)));
  assert.deepEqual(unknown, [], 'what ours does not have');
  const gone = DIFFERENCES.filter(([difference]) => !found.some((one) => difference.test(one)));
  assert.deepEqual(gone, [], 'no difference any more');
});

function missing(name: string, theirs: Shape, ours: Shape | undefined): string[] {
  if (!ours) return [name];
  const found: string[] = [];
  for (const { name: parameter, in: place, enums } of theirs.parameters) {
    // Names in a path are not part of a call, and a document says Authorization by its security schemes.
    if (place === 'path' || parameter === 'authorization') continue;
    const own = ours.parameters.find((one) => one.name === parameter && one.in === place);
    if (!own) found.push(`${name}: ${place} parameter ${parameter}`);
    else found.push(...lacking(enums, own.enums).map((value) => `${name}: ${place} parameter ${parameter}=${value}`));
  }
  for (const { name: parameter, required, in: place } of ours.parameters) {
    const known = theirs.parameters.find((one) => one.name === parameter && one.in === place);
    if (required && place !== 'path' && !known?.required)
      found.push(`${name}: ${place} parameter ${parameter} is required`);
  }
  for (const [path, { required, enums }] of theirs.request) {
    const own = ours.request.get(path);
    if (required && !own) found.push(`${name}: request ${path}`);
    if (own) found.push(...lacking([...enums], [...own.enums]).map((value) => `${name}: request ${path}=${value}`));
    else found.push(...[...enums].map((value) => `${name}: request ${path}=${value}`));
  }
  for (const [path, { required }] of ours.request) {
    if (required && !theirs.request.get(path)?.required) found.push(`${name}: request ${path} is required`);
  }
  for (const [path, { enums }] of theirs.response) {
    if (enums.size === 0) continue;
    const own = ours.response.get(path)?.enums ?? new Set();
    found.push(...lacking([...enums], [...own]).map((value) => `${name}: response ${path}=${value}`));
  }
  return found;
}

/** Texts without a list of values take them all. */
function lacking(theirs: string[], ours: string[]): string[] {
  return ours.length === 0 ? [] : theirs.filter((value) => !ours.includes(value));
}
