import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SavedRun, totalOf } from '../../packages/chaos/src/report.ts';
import { formatTable } from './markdown.ts';

/** The account of the saved runs of `pnpm chaos`: what was done to the system, and what came of it. */
export function proofBlock(root: string): string {
  const runs = globSync('docs/proof/chaos-*.json', { cwd: root })
    .sort()
    .map((path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as SavedRun);
  const whole = runs.filter((run) => run.sabotage === null);
  const sabotaged = runs.filter((run) => run.sabotage !== null);
  const parts =
    whole.length === 0 ? ['No run is saved.'] : [promises(whole), lanes(whole), recovery(whole), machine(whole)];
  if (sabotaged.length > 0) parts.push(guards(sabotaged));
  return parts.join('\n\n');
}

function promises(runs: SavedRun[]): string {
  return table(
    ['queues on', ...runs.map((run) => run.queues)],
    ['calls answered 202', ...runs.map((run) => run.result.acceptedCalls)],
    ['messages', ...runs.map((run) => run.result.acceptedMessages)],
    ['hand-overs to the provider', ...runs.map((run) => run.result.verdict.handOvers)],
    ['processes killed', ...runs.map((run) => run.result.kills)],
    ['of them: crashes of PostgreSQL', ...runs.map((run) => done(run, 'crash postgres'))],
    ['of them: crashes of Redis', ...runs.map((run) => done(run, 'crash redis') + done(run, 'rewind redis'))],
    ['other faults', ...runs.map((run) => otherFaults(run))],
    ['**lost**', ...runs.map((run) => `**${count(run, 'lost')}**`)],
    ['**doubled without a record**', ...runs.map((run) => `**${count(run, 'doubled without record')}**`)],
    ['unknown at some time', ...runs.map((run) => totalOf(run.result.verdict.lanes).everUnknown)],
    ['of them: the provider gave no clear answer', ...runs.map((run) => clear(run))],
    ['of them: a fault cut the call off', ...runs.map((run) => run.result.verdict.unexplainedUnknown)],
    ['sent again by policy, marked', ...runs.map((run) => totalOf(run.result.verdict.lanes).resent)],
    ['of them: really taken twice', ...runs.map((run) => totalOf(run.result.verdict.lanes).doubledWithRecord)],
    ['held as unknown for a person', ...runs.map((run) => totalOf(run.result.verdict.lanes).heldUnknown)],
    ...reported(runs),
    ['any other promise broken', ...runs.map((run) => Object.keys(run.result.verdict.violations).length)],
  );
}

/** Of runs whose provider reported what it took. */
function reported(runs: SavedRun[]): (string | number)[][] {
  const found = runs.map((run) => run.result.verdict.reported);
  if (found.every((one) => one === undefined)) return [];
  return [
    ['reported by the provider, late, twice and in any order', ...found.map((one) => one?.messages ?? '')],
    ['of them: unknown at some time', ...found.map((one) => one?.everUnknown ?? '')],
    ['of those: taken once, and sent in the end', ...found.map((one) => one?.settled ?? '')],
  ];
}

function lanes(runs: SavedRun[]): string {
  const head = [
    'queues on',
    'lane',
    'messages',
    'sent',
    'excluded',
    'failed',
    'expired',
    'canceled',
    'unknown, held',
    'doubled, recorded',
  ];
  const rows = runs.flatMap((run) =>
    Object.entries(run.result.verdict.lanes)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, lane]) => [
        run.queues,
        name,
        ...[lane.messages, lane.sent, lane.excluded, lane.failed, lane.expired, lane.canceled, lane.heldUnknown].map(
          String,
        ),
        String(lane.doubledWithRecord),
      ]),
  );
  return formatTable(head, rows);
}

function recovery(runs: SavedRun[]): string {
  const rows = runs.flatMap((run) => [
    ...Object.entries(run.result.recovery).map(([what, { count: times, medianS, longestS }]) => [
      run.queues,
      what,
      String(times),
      `${medianS} s`,
      `${longestS} s`,
    ]),
    [run.queues, 'everything ended after the last fault', '1', '', `${run.result.seconds.untilAllEnded} s`],
  ]);
  return formatTable(['queues on', 'recovery', 'times', 'median', 'longest'], rows);
}

function machine(runs: SavedRun[]): string {
  return runs
    .map((run) => {
      const versions = Object.entries(run.result.versions).map(([name, version]) => `${name} ${version}`);
      const seconds = Math.round(run.result.seconds.total);
      return `- ${run.queues}: ${run.at.slice(0, 10)}, commit ${run.commit}, seed ${run.seed}, ${seconds} s, ${run.machine}, ${versions.join(', ')}`;
    })
    .join('\n');
}

function guards(runs: SavedRun[]): string {
  const rows = runs.map((run) => [
    String(run.sabotage),
    run.queues,
    Object.entries(run.result.verdict.violations)
      .map(([rule, found]) => `${rule} ${found?.count}`)
      .join(', '),
  ]);
  return `The same check on builds without one guard (each of them has to fail):\n\n${formatTable(['guard taken out', 'queues on', 'broken'], rows)}`;
}

function table(head: (string | number)[], ...rows: (string | number)[][]): string {
  return formatTable(
    head.map(String),
    rows.map((row) => row.map(String)),
  );
}

function done(run: SavedRun, fault: string): number {
  return run.result.faults[fault]?.done ?? 0;
}

function otherFaults(run: SavedRun): number {
  return Object.values(run.result.faults).reduce((sum, fault) => sum + (fault.killed === 0 ? fault.done : 0), 0);
}

function count(run: SavedRun, rule: 'lost' | 'doubled without record'): number {
  return run.result.verdict.violations[rule]?.count ?? 0;
}

function clear(run: SavedRun): number {
  return totalOf(run.result.verdict.lanes).everUnknown - run.result.verdict.unexplainedUnknown;
}
