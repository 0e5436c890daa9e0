export interface Sample {
  /** CPU of the servers' processes for a message (µs). */
  cpuUs: number;
  postgresUs: number;
  perSecond: number;
  /** Of the acknowledgement (ms). */
  p50: number;
  p99: number;
}

export interface Measured {
  name: string;
  saturated: Sample[];
  /** By rate, in the order of the rates. */
  paced: Sample[][];
}

export const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

export const median = (values: number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

const of = (samples: Sample[], key: keyof Sample, digits = 0): string =>
  median(samples.map((sample) => sample[key])).toFixed(digits);

const latency = (samples: Sample[]): string => `${of(samples, 'p50', 1)} / ${of(samples, 'p99')}`;

/** Within each repetition, then the median: what the machine did besides weighs on both. */
const ratio = (samples: Sample[], to: Sample[] = []): string =>
  median(samples.map((sample, i) => sample.cpuUs / (to[i]?.cpuUs ?? NaN))).toFixed(2);

/** At saturation. The first is the yardstick; those from the one with the classic adapter on are compared with that, too. */
export function tableOfLoad(entries: Measured[]): string[] {
  const classic = entries.findIndex(({ name }) => name.includes('classic'));
  return [
    '| saturated | server µs per message | × bare | × classic adapter | Postgres µs | messages/s | ack p50 / p99 (ms) |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...entries.map(({ name, saturated }, i) => {
      const toClassic = classic >= 0 && i >= classic ? ratio(saturated, entries[classic]?.saturated) : '';
      return `| ${name} | ${of(saturated, 'cpuUs')} | ${ratio(saturated, entries[0]?.saturated)} | ${toClassic} | ${of(saturated, 'postgresUs')} | ${of(saturated, 'perSecond')} | ${latency(saturated)} |`;
    }),
  ];
}

/** At fixed rates; `reached` shows where the machine could not. */
export function tableOfRates(entries: Measured[], rates: number[]): string[] {
  return [
    `| at a fixed rate |${rates.map((rate) => ` server µs at ${rate}/s | Postgres µs | reached | ack p50 / p99 (ms) |`).join('')}`,
    `| --- |${rates.map(() => ' --- | --- | --- | --- |').join('')}`,
    ...entries.map(
      ({ name, paced }) =>
        `| ${name} |${paced.map((at) => ` ${of(at, 'cpuUs')} | ${of(at, 'postgresUs')} | ${of(at, 'perSecond')} | ${latency(at)} |`).join('')}`,
    ),
  ];
}

/**
 * The bound of an acknowledgement in another machine's time: one that is k times slower does at a k-th of the rate in k times the
 * time what that machine does. By the yardstick, the last of the rates and the contender that stores on one process.
 */
export function lineOfReference(entries: Measured[], reference: { bareUs: number; perSecond: number }): string {
  const [bare, stoa] = [entries[0], entries.find(({ name }) => name === 'Stoa')];
  const slower = median((bare?.saturated ?? []).map(({ cpuUs }) => cpuUs)) / reference.bareUs;
  const paced = stoa?.paced.at(-1) ?? [];
  const [rate, p50] = [median(paced.map((at) => at.perSecond)), median(paced.map((at) => at.p50))];
  return (
    `The goals were set where bare Socket.IO costs ${reference.bareUs} µs a message; here it is ${slower.toFixed(1)} × as much. ` +
    `${(rate * slower).toFixed(0)}/s there are ${rate.toFixed(0)}/s here, and an acknowledgement of Stoa at that rate, ` +
    `p50 ${p50.toFixed(1)} ms, is ${(p50 / slower).toFixed(1)} ms there: computed, not measured there.`
  );
}

export function linesOfIdle(idle: Map<string, number>, count: number): string[] {
  const [base = NaN] = idle.values();
  return [...idle].map(
    ([name, bytes]) =>
      `Idle connection, ${count} of them: ${name} ${(bytes / 1_024).toFixed(1)} KB (${(bytes / base).toFixed(2)} × bare).`,
  );
}
