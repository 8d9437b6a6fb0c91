/** Renders a template with LiquidJS and with the compiled path, for tests that hold one against the other. */
import assert from 'node:assert/strict';
import { jsonInJson } from '@outrigger/core';
import { compileFast } from '../src/fast/compile.ts';
import { join } from '../src/in-json.ts';
import { type Escape, parseLiquid } from '../src/liquid/engine.ts';
import type { Noted } from '../src/liquid/metadata.ts';
import { treeOf } from '../src/liquid/tree.ts';
import { loadReference, type RenderData } from '../src/load.ts';

export type Rendered = { text: string; noted?: Noted } | { failed: true };
/** `compiled` is undefined where the compiler leaves the template to LiquidJS. */
export type Both = { reference: Rendered; compiled: Rendered | undefined };

function withNoted(text: string, noted: Noted): Rendered {
  return noted.size > 0 ? { text, noted } : { text };
}

export function renderBoth(source: string, escaping: Escape, data: RenderData): Both {
  const part = { escape: escaping, source, singleLine: false, maxBytes: 1_000_000 };
  // Each gets its own copy: neither may be seen to change the data.
  const noted: Noted = new Map();
  const asked = loadReference(part)(structuredClone(data), false, noted);
  const reference: Rendered = 'text' in asked ? withNoted(asked.text, noted) : { failed: true };
  const fast = compileFast(treeOf(parseLiquid(source, escaping), escaping), escaping, part.maxBytes);
  if (!fast) return { reference, compiled: undefined };
  const given = structuredClone(data);
  const before = JSON.stringify(given);
  let compiled: Rendered;
  let made: ReturnType<typeof fast.slots> | undefined;
  try {
    const notedToo: Noted = new Map();
    made = fast.slots(given, false, notedToo);
    compiled = withNoted(join(fast.fixed, made), notedToo);
  } catch {
    compiled = { failed: true };
  }
  let inJson: ReturnType<typeof fast.slots> | undefined;
  try {
    const notedInJson: Noted = new Map();
    inJson = fast.slots(given, true, notedInJson);
    if ('text' in compiled) assert.deepEqual(withNoted(compiled.text, notedInJson), compiled);
  } catch {}
  // What is escaped piece by piece on the way is what escaping the whole slot would give; only limits may come earlier.
  if (inJson || !made?.some((slot) => jsonInJson(slot).length > part.maxBytes / 2))
    assert.deepEqual(inJson, made?.map(jsonInJson));
  if (JSON.stringify(given) !== before) throw new Error('The compiled template changed its data.');
  return { reference, compiled };
}
