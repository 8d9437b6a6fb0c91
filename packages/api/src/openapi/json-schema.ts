import { z } from 'zod';

export type JsonSchema = { [key: string]: unknown };

/** The pattern of a date-time is 300 characters that say what `format` says. */
const MAX_PATTERN = 120;

/**
 * Makes JSON Schema of zod schemas for one document. A schema with `.meta({ id })` becomes a component that others refer
 * to. `input` is what callers send (defaults are optional), `output` what we answer (members may be added later).
 */
export function createSchemaWriter() {
  const components = new Map<string, JsonSchema>();

  function write(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const {
      $schema: _,
      $defs,
      ...written
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        const { def } = zodSchema._zod;
        // Only a strict object is closed; zod closes every object that it writes as output.
        if (def.type === 'object' && !def.catchall && jsonSchema.additionalProperties === false) {
          delete jsonSchema.additionalProperties;
        }
        if (jsonSchema.format === 'date-time' || (jsonSchema.pattern?.length ?? 0) > MAX_PATTERN) {
          delete jsonSchema.pattern;
        }
      },
    }) as JsonSchema;
    for (const [id, part] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>)) keep(id, part);
    return relocate(written) as JsonSchema;
  }

  function keep(id: string, schema: JsonSchema): void {
    const { id: _, ...part } = relocate(schema) as JsonSchema;
    const present = components.get(id);
    if (present && JSON.stringify(present) !== JSON.stringify(part)) {
      throw new Error(`two schemas are called ${id}: name them apart (one may be an input and one an output)`);
    }
    components.set(id, part);
  }

  return { write, components };
}

/** `$defs` of the parts become components of the whole. */
function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      name === '$ref' && typeof part === 'string' ? part.replace('#/$defs/', '#/components/schemas/') : relocate(part),
    ]),
  );
}
