import { sectionsOf } from './configuration-page.ts';
import type { ServiceVariables, Variable } from './variables.ts';

const HEAD = `# Every variable of every service, generated from the schemas: \`npm run docs\` writes this file anew.
# Copy it to .env and fill in what is required; a line that starts with #NAME= shows the default.
# An empty variable counts as absent. docs/configuration.md has the allowed values.`;

/** The text of .env.example: what is required stands open and empty, everything else is commented out. */
export function envExample(services: ServiceVariables[]): string {
  const written = new Set<string>();
  const blocks = sectionsOf(services).map(({ title, variables }) =>
    [
      heading(title),
      ...variables.map((variable) =>
        entry(variable, `Read by ${readersOf(variable.services, services.length)}.`, variable.required),
      ),
    ].join('\n'),
  );
  for (const { service, choice } of services) {
    if (!choice) continue;
    const names = choice.providers.map(({ name }) => name).join(', ');
    blocks.push(
      [
        heading(`Providers of ${service}`),
        `# One of ${names}.\n#${choice.variable}=${choice.defaultName ?? ''}`,
        ...choice.providers.flatMap(({ name, variables }) =>
          variables.map((variable) => {
            const condition = `${choice.variable}=${name}`;
            if (written.has(variable.name)) return `# ${variable.name} is for ${condition} too: see above.`;
            written.add(variable.name);
            return entry(variable, `${variable.required ? 'Required' : 'Read'} with ${condition}.`, false);
          }),
        ),
      ].join('\n'),
    );
  }
  return `${[HEAD, ...blocks].join('\n\n')}\n`;
}

function readersOf(readers: string[], serviceCount: number): string {
  return readers.length === serviceCount ? 'all services' : readers.join(', ');
}

function heading(title: string): string {
  return `# ---- ${title} ----`;
}

function entry(variable: Variable, note: string, open: boolean): string {
  const words = [`${variable.description}.`, note, ...(variable.secret ? ['Secret.'] : [])].join(' ');
  return `# ${words}\n${open ? '' : '#'}${variable.name}=${variable.defaultText ?? ''}`;
}
