import { setTimeout as delay } from 'node:timers/promises';
import { reportProgress, untilDelivered } from './books.ts';
import type { CallPlan } from './load/call-template.ts';
import type { Probes } from './probes.ts';
import type { SpecialOptions } from './special.ts';
import type { System } from './system.ts';
import { type MeasuredWindow, measureWindow } from './window.ts';

/** Looks for the top rate of some calls, and waits until what they caused is delivered. */
export async function saturate(
  probes: Probes,
  system: System,
  calls: CallPlan,
  options: SpecialOptions,
): Promise<MeasuredWindow> {
  const { load } = probes;
  const progress = reportProgress(probes, calls.recipients, options.say);
  load.send({ kind: 'plan', port: system.ingress.port, calls });
  load.send({ kind: 'saturate', connections: options.connections, outstandingMessages: options.outstanding });
  await delay(options.warmUpSeconds * 1_000);
  const window = await measureWindow(probes, [...system.groups, ...probes.groups], options.seconds);
  load.send({ kind: 'pause' });
  await untilDelivered(probes, calls.recipients);
  progress.stop();
  return window;
}
