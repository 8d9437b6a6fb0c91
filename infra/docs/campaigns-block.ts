import { CAMPAIGN_STATUSES, CAMPAIGN_TRANSITIONS } from '../../packages/core/src/campaign-states.ts';
import { CONFIGURATION_STATUSES, CONFIGURATION_TRANSITIONS } from '../../packages/core/src/configuration-states.ts';
import { formatTable } from './markdown.ts';

type Transitions = Record<string, { from: readonly string[]; to: string; by: string }>;

/** The picture (Mermaid) and the table of a campaign's transitions, from the table in core. */
export const campaignsBlock = () => lifeCycle(CAMPAIGN_TRANSITIONS, CAMPAIGN_STATUSES, ['DELETED']);

/** The same of a channel configuration. */
export const configurationsBlock = () => lifeCycle(CONFIGURATION_TRANSITIONS, CONFIGURATION_STATUSES, []);

function lifeCycle(transitions: Transitions, statuses: readonly string[], ends: string[]): string {
  const arrows = Object.entries(transitions).flatMap(([name, { from, to }]) =>
    from.length === 0 ? [`  [*] --> ${to}: ${name}`] : from.map((status) => `  ${status} --> ${to}: ${name}`),
  );
  const picture = ['```mermaid', 'stateDiagram-v2', ...arrows, ...ends.map((end) => `  ${end} --> [*]`), '```'];
  const rows = Object.entries(transitions).map(([name, { from, to, by }]) => {
    if (!statuses.includes(to)) throw new Error(`transition ${name} leads to ${to}, which is no status`);
    return [`\`${name}\``, from.length === 0 ? '(new)' : from.join(', '), to, by];
  });
  return `${picture.join('\n')}\n\n${formatTable(['transition', 'from', 'to', 'by'], rows)}`;
}
