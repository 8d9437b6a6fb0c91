import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** A span under way. Parents are handed on as W3C traceparent texts: by argument, by queue job, by HTTP header. */
export type OpenSpan = {
  /** What makes another span its child; undefined when it is not recorded, so that nothing is handed on. */
  readonly traceparent: string | undefined;
  /** `problem`, a code or a short text, marks the span as failed. */
  end(attributes?: Attributes, problem?: string): void;
};

export type SpanOptions = {
  kind: 'server' | 'producer' | 'consumer' | 'client';
  parent: string | undefined;
  attributes?: Attributes;
};

const KINDS = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
};

const NOT_RECORDED: OpenSpan = { traceparent: undefined, end: () => undefined };

/** Opens a span. Costs next to nothing while tracing is off or the trace is not sampled. Attributes hold ids and codes, nothing personal. */
export function startSpan(name: string, options: SpanOptions): OpenSpan {
  const within = contextOf(options.parent);
  const { attributes = {} } = options;
  const span = trace.getTracer('outrigger').startSpan(name, { kind: KINDS[options.kind], attributes }, within);
  if (!span.isRecording()) return NOT_RECORDED;
  return {
    traceparent: traceparentOf(span),
    end(more, problem) {
      if (more) span.setAttributes(more);
      if (problem !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: problem });
      span.end();
    },
  };
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** W3C Trace Context, version 00. Anything else is as if there was none, as the recommendation asks. */
function contextOf(traceparent: string | undefined) {
  const parts = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (!parts) return context.active();
  const [, traceId, spanId, flags] = parts as unknown as [string, string, string, string];
  if (traceId === NO_TRACE || spanId === NO_SPAN) return context.active();
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return trace.setSpanContext(context.active(), remote);
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
