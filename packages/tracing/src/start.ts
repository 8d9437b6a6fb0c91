import { trace } from '@opentelemetry/api';
import type { TracingConfig } from './config.ts';

/**
 * Sends this process's spans to the configured endpoint; does nothing without one. The SDK is loaded only when it is used. An
 * endpoint that is away costs spans, never messages: they are sent in the background and dropped when too many wait.
 */
export async function startTracing(
  service: string,
  config: TracingConfig,
): Promise<{ name: string; stop(): Promise<void> }> {
  if (config.TRACES_ENDPOINT === undefined) return { name: 'tracing', stop: async () => undefined };
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
  ]);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'outrigger' }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(config.TRACES_RATIO) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: config.TRACES_ENDPOINT, timeoutMillis: 5_000 }),
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: 5_000,
      }),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  return {
    name: 'tracing',
    stop: async () => {
      await provider.shutdown().catch(() => undefined);
    },
  };
}
