import { Liquid, type Template } from 'liquidjs';
import { FILTERS } from './filters.ts';
import { LIMITS } from './limits.ts';
import { MetadataTag } from './metadata.ts';

export type Escape = 'html' | 'none';

/** Tags templates may use. Everything else is refused by name, above all what reads other templates. */
export const ALLOWED_TAGS = [
  ...[
    '#',
    'assign',
    'break',
    'capture',
    'case',
    'comment',
    'continue',
    'cycle',
    'for',
    'if',
    'metadata',
    'raw',
    'unless',
  ],
];

function createEngine(escaping: Escape): Liquid {
  const engine = new Liquid({
    outputEscape: escaping === 'html' ? 'escape' : undefined,
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: false,
    dynamicPartials: false,
    // A map of templates instead of a file system: an empty one.
    templates: {},
    parseLimit: LIMITS.templateCharacters,
    renderLimit: LIMITS.renderMs,
    memoryLimit: LIMITS.memory,
    locale: 'en-US',
  });
  for (const name of Object.keys(engine.tags)) if (!ALLOWED_TAGS.includes(name)) delete engine.tags[name];
  engine.registerTag('metadata', MetadataTag);
  for (const name of Object.keys(engine.filters)) engine.unregisterFilter(name);
  for (const [name, filter] of Object.entries(FILTERS)) engine.registerFilter(name, filter);
  return engine;
}

const engines: Record<Escape, Liquid> = { html: createEngine('html'), none: createEngine('none') };

/** The reference engine for parts that are escaped as HTML, or not at all. Shared: engines hold no state. */
export function engineFor(escaping: Escape): Liquid {
  return engines[escaping];
}

/** Parses a template. Throws LiquidJS's error; see compile/syntax.ts for what an author is told. */
export function parseLiquid(source: string, escaping: Escape): Template[] {
  return engineFor(escaping).parse(source);
}
