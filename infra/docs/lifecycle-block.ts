import { END_STATES, MESSAGE_STATES, TRANSITIONS } from '../../packages/core/src/states.ts';
import { formatTable } from './markdown.ts';

/** The state diagram (Mermaid) and the table of transitions, both from the table in core. */
export function lifecycleBlock(): string {
  return `${diagram()}\n\n${transitionTable()}`;
}

function diagram(): string {
  const arrows = Object.entries(TRANSITIONS).flatMap(([name, { from, to }]) =>
    from.length === 0 ? [`  [*] --> ${to}: ${name}`] : from.map((state) => `  ${state} --> ${to}: ${name}`),
  );
  const ends = END_STATES.map((state) => `  ${state} --> [*]`);
  return ['```mermaid', 'stateDiagram-v2', ...arrows, ...ends, '```'].join('\n');
}

function transitionTable(): string {
  const states = new Set<string>(MESSAGE_STATES);
  return formatTable(
    ['transition', 'from', 'to', 'by'],
    Object.entries(TRANSITIONS).map(([name, { from, to, by }]) => {
      if (!states.has(to)) throw new Error(`transition ${name} leads to ${to}, which is no state`);
      return [`\`${name}\``, from.length === 0 ? '(new)' : from.join(', '), to, by];
    }),
  );
}
