import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { switchTracingOn } from './traced.js';

/** ms between two deliveries to the collector */
const DELIVERY_INTERVAL = 1_000;

/** Sends the spans of this process to the collector at `url` (OTLP over HTTP). @returns what delivers the last ones */
export function startTracing(url: string, role: string): () => Promise<void> {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `stoa-${role}` }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }), scheduledDelayMillis: DELIVERY_INTERVAL }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  switchTracingOn();
  return () => provider.shutdown();
}
