import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Upper bounds (s) for things that should take milliseconds. */
const FAST_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface InstrumentOptions {
  labels?: readonly string[];
  buckets?: number[];
}

/** One value of a gauge that has several. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Prometheus metrics of this process. Names: `stoa_feature_what_unit`; labels are few and closed, never ids. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  counter(name: string, help: string, { labels = [] }: InstrumentOptions = {}): Counter {
    return this.existing<Counter>(name) ?? new Counter({ name, help, labelNames: labels, registers: [this.registry] });
  }

  histogram(name: string, help: string, { labels = [], buckets = FAST_BUCKETS }: InstrumentOptions = {}): Histogram {
    return (
      this.existing<Histogram>(name) ??
      new Histogram({ name, help, labelNames: labels, buckets, registers: [this.registry] })
    );
  }

  /** `read` is called when the metric is collected; without it the caller sets the value. */
  gauge(name: string, help: string, read?: () => number, { labels = [] }: InstrumentOptions = {}): Gauge {
    return new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.registry],
      ...(read
        ? {
            collect(this: Gauge) {
              this.set(read());
            },
          }
        : {}),
    });
  }

  /** A gauge of several values, read when they are collected. What `read` no longer gives is gone; when it fails, all are. */
  series(name: string, help: string, labels: readonly string[], read: () => Sample[] | Promise<Sample[]>): Gauge {
    return new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.registry],
      async collect(this: Gauge) {
        this.reset();
        for (const sample of await readOrNothing(read)) this.set(sample.labels, sample.value);
      },
    });
  }

  private existing<M>(name: string): M | undefined {
    return this.registry.getSingleMetric(name) as M | undefined;
  }
}

async function readOrNothing(read: () => Sample[] | Promise<Sample[]>): Promise<Sample[]> {
  try {
    return await read();
  } catch {
    return []; // a store is away: a missing value says so, and the other metrics are still served
  }
}
