import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, context, trace } from '@opentelemetry/api';
import type { Span, SpanContext, SpanKind } from '@opentelemetry/api';
import { currentContext } from '../request-context/request-context.js';

/** Where a piece of work comes from, as W3C `traceparent`; travels with jobs. */
export type TraceParent = string;

interface TracedOptions {
  kind?: SpanKind;
  /** Few and closed, never texts, ids of people or addresses. */
  attributes?: Record<string, string>;
  /** What caused it, where that is not the work that runs now. */
  parent?: TraceParent | undefined;
  /** What else led to it: work that was joined to other work on its way. */
  links?: readonly TraceParent[];
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
  { kind, attributes = {}, parent, links = [] }: TracedOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (!isOn) return work();
  const requestId = currentContext()?.requestId;
  const options = {
    ...(kind === undefined ? {} : { kind }),
    attributes: { ...attributes, ...(requestId ? { 'stoa.request_id': requestId } : {}) },
    links: links
      .map((link) => spanOf(link))
      .filter((context) => context !== undefined)
      .map((context) => ({ context })),
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
  const span = spanOf(parent);
  return span ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
}

/** undefined for what is no traceparent. */
function spanOf(parent: TraceParent): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(parent) ?? [];
  if (!traceId || !spanId) return undefined;
  return { traceId, spanId, traceFlags: flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}
