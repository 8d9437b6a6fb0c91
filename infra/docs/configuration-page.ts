import { formatTable } from './markdown.ts';
import type { ProviderChoice, ServiceVariables, Variable } from './variables.ts';

export type Section = { title: string; variables: (Variable & { services: string[] })[] };

/** The sections that several services share, by the variables that belong there. What is left is a service's own. */
const CONCERNS: { title: string; variables: RegExp }[] = [
  { title: 'Ledger (Postgres)', variables: /^DATABASE_/ },
  { title: 'Queues', variables: /^(QUEUE_|LANE_SHARDS$)/ },
  { title: 'HTTP', variables: /^(HOST|PORT)$/ },
  { title: 'Logs and traces', variables: /^(LOG|TRACES)_/ },
  { title: 'Bearer tokens beside API keys', variables: /^JWT_/ },
  { title: 'Attachments of emails', variables: /^ATTACHMENTS_/ },
];
const SHARED_TITLE = 'Sending, and what is unknown';

/** Groups all services' variables by concern: the shared ones first, then a section for each service with its own. */
export function sectionsOf(services: ServiceVariables[]): Section[] {
  const all = new Map<string, Variable & { services: string[] }>();
  for (const { service, variables } of services) {
    for (const variable of variables) {
      const known = all.get(variable.name);
      if (!known) all.set(variable.name, { ...variable, services: [service] });
      else if (!sameVariable(known, variable)) {
        throw new Error(`${variable.name} means one thing to ${known.services[0]} and another to ${service}`);
      } else known.services.push(service);
    }
  }
  const sections = new Map<string, Section>();
  for (const title of [...CONCERNS.map((concern) => concern.title), SHARED_TITLE]) {
    sections.set(title, { title, variables: [] });
  }
  for (const variable of all.values()) {
    const title = titleFor(variable);
    const section = sections.get(title) ?? { title, variables: [] };
    section.variables.push(variable);
    sections.set(title, section);
  }
  return [...sections.values()].filter((section) => section.variables.length > 0);
}

function titleFor({ name, services }: { name: string; services: string[] }): string {
  const concern = CONCERNS.find((one) => one.variables.test(name));
  if (concern) return concern.title;
  return services.length > 1 ? SHARED_TITLE : `Only ${services[0]}`;
}

function sameVariable(one: Variable, other: Variable): boolean {
  return (['description', 'defaultText', 'required', 'secret', 'allowed'] as const).every(
    (key) => one[key] === other[key],
  );
}

/** The generated part of docs/configuration.md. */
export function configurationBlock(services: ServiceVariables[]): string {
  const shared = sectionsOf(services).map(
    ({ title, variables }) => `## ${title}\n\n${variableTable(variables, services.length)}`,
  );
  const choices = services.flatMap(({ service, choice }) => (choice ? [choiceText(service, choice)] : []));
  return [...shared, ...choices].join('\n\n');
}

function choiceText(service: string, choice: ProviderChoice): string {
  const values = choice.providers.map(({ name, description }) => [`\`${choice.variable}=${name}\``, description]);
  const fallback = choice.defaultName === undefined ? 'It is required.' : `Default: \`${choice.defaultName}\`.`;
  const tables = choice.providers
    .filter(({ variables }) => variables.length > 0)
    .map(({ name, variables }) => `### \`${choice.variable}=${name}\`\n\n${variableTable(variables)}`);
  return [
    `## Providers of ${service}`,
    `\`${choice.variable}\` chooses. ${fallback} Variables of a provider that was not chosen are not looked at.`,
    formatTable(['value', 'meaning'], values),
    ...tables,
  ].join('\n\n');
}

function variableTable(variables: (Variable & { services?: string[] })[], serviceCount = 0): string {
  const withServices = variables.some(({ services }) => services !== undefined);
  return formatTable(
    ['variable', ...(withServices ? ['read by'] : []), 'default', 'allowed', 'secret', 'meaning'],
    variables.map((variable) => [
      `\`${variable.name}\``,
      ...(variable.services ? [variable.services.length === serviceCount ? 'all' : variable.services.join(', ')] : []),
      defaultCell(variable),
      variable.allowed,
      variable.secret ? 'yes' : '',
      variable.description,
    ]),
  );
}

function defaultCell({ name, defaultText, required }: Variable): string {
  if (required) return '**required**';
  if (defaultText === undefined) return 'none';
  return name.endsWith('_MS') ? `\`${defaultText}\` (${durationText(Number(defaultText))})` : `\`${defaultText}\``;
}

/** 900000 as `15 min`, 10000 as `10 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds >= 60_000 && milliseconds % 60_000 === 0) return `${milliseconds / 60_000} min`;
  return milliseconds >= 1_000 ? `${milliseconds / 1_000} s` : `${milliseconds} ms`;
}
