import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything this process measures. One a process, because a metric is a fact about the process. */
const registry = new Registry();

const PREFIX = 'outrigger_';

/** Seconds, from a commit on a fast disk to a provider that is given up. */
export const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** How many went together. */
export const GROUP_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

export function counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
  return new Counter<Label>({ name: PREFIX + name, help, labelNames, registers: [registry] });
}

export function gauge<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
  return new Gauge<Label>({ name: PREFIX + name, help, labelNames, registers: [registry] });
}

export function histogram<Label extends string = never>(
  name: string,
  help: string,
  labelNames: Label[],
  buckets: number[],
) {
  return new Histogram<Label>({ name: PREFIX + name, help, labelNames, buckets, registers: [registry] });
}

/** Node's own: event loop lag, memory, garbage collection, under the names that everybody's dashboards know. */
export function collectProcessMetrics(service: string): void {
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
}

/** The page that Prometheus scrapes, with its media type. */
export async function exposition(): Promise<{ contentType: string; text: string }> {
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** Name, kind, labels and meaning of each metric of ours, for the page that documents them. */
export function describeMetrics(): { name: string; kind: string; labels: string[]; help: string }[] {
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, labelNames } = metric as unknown as { name: string; help: string; labelNames: string[] };
    return { name, kind: metric.constructor.name.toLowerCase(), labels: [...labelNames], help };
  });
}
