import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, context, trace } from '@opentelemetry/api';
import type { Span, SpanKind } from '@opentelemetry/api';
import { currentContext } from '../request-context/request-context.js';

/** Where a piece of work comes from, as W3C `traceparent`; travels with jobs. */
export type TraceParent = string;

interface TracedOptions {
  kind?: SpanKind;
  /** Few and closed, never texts, ids of people or addresses. */
  attributes?: Record<string, string>;
  /** What caused it, where that is not the work that runs now. */
  parent?: TraceParent | undefined;
}

const TRACE_PARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

let isOn = false;

/** Called once at start, when there is a collector. */
export function switchTracingOn(): void {
  isOn = true;
}

/** Runs `work` inside a span of that name. Costs nothing while tracing is off, which it is unless OTLP_URL is set. */
export function traced<T>(
  name: string,
  { kind, attributes = {}, parent }: TracedOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (!isOn) return work();
  const requestId = currentContext()?.requestId;
  const options = {
    ...(kind === undefined ? {} : { kind }),
    attributes: { ...attributes, ...(requestId ? { 'stoa.request_id': requestId } : {}) },
  };
  return trace
    .getTracer('stoa')
    .startActiveSpan(name, options, parent ? contextOf(parent) : context.active(), (span) => endWith(span, work));
}

async function endWith<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The name alone: messages of the stores may quote values.
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
    throw error;
  } finally {
    span.end();
  }
}

/** The span that runs now, for whatever goes on elsewhere; undefined while tracing is off. */
export function currentTraceParent(): TraceParent | undefined {
  const span = isOn ? trace.getActiveSpan()?.spanContext() : undefined;
  if (!span) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

function contextOf(parent: TraceParent): ReturnType<typeof context.active> {
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(parent) ?? [];
  if (!traceId || !spanId) return ROOT_CONTEXT;
  const traceFlags = flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
