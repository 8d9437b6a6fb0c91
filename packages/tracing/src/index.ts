export { type TracingConfig, tracingConfig } from './config.ts';
export { type OpenSpan, type SpanOptions, startSpan } from './span.ts';
export { startTracing } from './start.ts';
