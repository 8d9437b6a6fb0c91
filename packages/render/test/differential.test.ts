import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderBoth } from './both.ts';
import { data, template } from './templates.ts';

const RUNS = 3000;

test('compiled templates print what LiquidJS prints, for random templates and data', () => {
  let compiledRuns = 0;
  let texts = 0;
  fc.assert(
    fc.property(template, fc.constantFrom('html' as const, 'none' as const), data, (source, escaping, given) => {
      let both: ReturnType<typeof renderBoth>;
      try {
        both = renderBoth(source, escaping, given);
      } catch (cause) {
        // Random names make some templates that LiquidJS does not parse; there is nothing to compare then.
        if (cause instanceof Error && /ParseError|TokenizationError/.test(cause.name)) return;
        throw cause;
      }
      if (both.compiled === undefined) return;
      compiledRuns += 1;
      if ('text' in both.compiled) texts += 1;
      assert.deepEqual(both.compiled, both.reference);
    }),
    { numRuns: RUNS },
  );
  assert.ok(compiledRuns > RUNS / 2, `only ${compiledRuns} of ${RUNS} templates were compiled`);
  assert.ok(texts > RUNS / 4, `only ${texts} of ${RUNS} renders printed anything`);
});
