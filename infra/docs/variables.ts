import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** One environment variable as a service's schema describes it. */
export type Variable = {
  name: string;
  description: string;
  /** As it would be written into the environment; undefined when there is none. */
  defaultText: string | undefined;
  required: boolean;
  secret: boolean;
  allowed: string;
};

/** The choice of a provider: the variable that makes it, and what each of its values adds. */
export type ProviderChoice = {
  variable: string;
  defaultName: string | undefined;
  providers: { name: string; description: string; variables: Variable[] }[];
};

export type ServiceVariables = { service: string; variables: Variable[]; choice: ProviderChoice | undefined };

/** What we read of a schema. Every zod schema has it; nothing else of zod is needed here. */
type Schema = {
  toJSONSchema(params: { io: 'input'; unrepresentable: 'any' }): unknown;
  safeParse(input: unknown): { success: boolean; data?: unknown };
};

type JsonProperty = {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  secret?: boolean;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
};
type JsonObjectSchema = { properties: Record<string, JsonProperty>; required: string[] };

/** What every service needs, so that a schema can be asked which provider it takes by itself. */
const LEAST_ENVIRONMENT = { DATABASE_URL: 'postgres://localhost/outrigger', PORT: '8080' };

/** Reads the configuration schema of every folder under `services/`: the export of `src/config.ts` named `...Config`. */
export async function readServices(root: string): Promise<ServiceVariables[]> {
  const services = readdirSync(join(root, 'services')).sort();
  return Promise.all(
    services.map(async (service) => {
      const file = join(root, 'services', service, 'src', 'config.ts');
      const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
      const schemas = Object.entries(module).filter(([name]) => name.endsWith('Config'));
      if (schemas.length !== 1) {
        throw new Error(
          `services/${service}/src/config.ts must export one schema named ...Config, not ${schemas.length}`,
        );
      }
      return variablesOf(service, schemas[0]![1] as Schema);
    }),
  );
}

/** A service's variables: those it always reads, and those that come with a provider. */
export function variablesOf(service: string, schema: Schema): ServiceVariables {
  const variants = variantsOf(schema.toJSONSchema({ io: 'input', unrepresentable: 'any' }), service);
  const choosing = Object.keys(variants[0]!.properties).find((name) =>
    variants.every((variant) => variant.properties[name]?.const !== undefined),
  );
  if (choosing === undefined) {
    if (variants.length > 1)
      throw new Error(`${service}: the variants of its schema have no variable that tells them apart`);
    return { service, variables: listOf(variants[0]!, service), choice: undefined };
  }
  const common = Object.keys(variants[0]!.properties).filter((name) =>
    variants.every((variant) => variant.properties[name] !== undefined),
  );
  const parsed = schema.safeParse(LEAST_ENVIRONMENT);
  const chosen = parsed.success ? (parsed.data as Record<string, unknown>)[choosing] : undefined;
  return {
    service,
    variables: listOf(variants[0]!, service).filter(({ name }) => common.includes(name) && name !== choosing),
    choice: {
      variable: choosing,
      defaultName: typeof chosen === 'string' ? chosen : undefined,
      providers: variants.map((variant) => {
        const chooser = variant.properties[choosing]!;
        const name = String(chooser.const);
        return {
          name,
          description: describedBy(chooser, `${choosing}=${name}`, service),
          variables: listOf(variant, service).filter((one) => !common.includes(one.name)),
        };
      }),
    },
  };
}

/** An object schema as itself, a union as its members, an intersection as every combination of its sides. */
function variantsOf(node: unknown, service: string): JsonObjectSchema[] {
  const { oneOf, anyOf, allOf, properties, required } = node as {
    oneOf?: unknown[];
    anyOf?: unknown[];
    allOf?: unknown[];
  } & Partial<JsonObjectSchema>;
  const union = oneOf ?? anyOf;
  if (union) return union.flatMap((member) => variantsOf(member, service));
  if (allOf) {
    return allOf
      .map((side) => variantsOf(side, service))
      .reduce((left, right) =>
        left.flatMap((one) =>
          right.map((other) => ({
            properties: { ...one.properties, ...other.properties },
            required: [...one.required, ...other.required],
          })),
        ),
      );
  }
  if (!properties)
    throw new Error(`${service}: a part of its schema is neither an object, a union nor an intersection`);
  return [{ properties, required: required ?? [] }];
}

function listOf(schema: JsonObjectSchema, service: string): Variable[] {
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    description: describedBy(property, name, service),
    defaultText: property.default === undefined ? undefined : String(property.default),
    required: schema.required.includes(name),
    secret: property.secret === true,
    allowed: allowedValues(property),
  }));
}

function describedBy(property: JsonProperty, name: string, service: string): string {
  if (!property.description)
    throw new Error(`${name} (read by ${service}) has no description: add .describe() to its schema`);
  return property.description.replace(/\.$/, '');
}

/** In words, for a table. Numbers that zod bounds only by what JavaScript can count are unbounded. */
export function allowedValues(property: JsonProperty): string {
  if (property.enum) return property.enum.map((value) => `\`${value}\``).join(', ');
  if (property.type === 'integer') {
    const { minimum, maximum } = property;
    const hasMaximum = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
    if (minimum !== undefined && hasMaximum) return `whole number, ${minimum} to ${maximum}`;
    return minimum === undefined ? 'whole number' : `whole number from ${minimum}`;
  }
  if (property.format === 'uri') return 'URL';
  if (property.pattern !== undefined) return `text like \`${property.pattern}\``;
  return 'text';
}
