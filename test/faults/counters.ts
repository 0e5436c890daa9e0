/** What a set of processes showed at one moment: `/metrics` by process id. */
export class Counters {
  constructor(private readonly texts: Map<number, string>) {}

  /** Value of a counter in each process: the sum over all series whose labels contain `labels`. */
  read(name: string, labels = ''): Map<number, number> {
    return new Map([...this.texts].map(([pid, text]) => [pid, sumOf(text, name, labels)]));
  }

  /**
   * How far the counter moved since `before`. A process that was started meanwhile counts from 0, or not at all if only the
   * `survivors` are asked; what one had counted when it was killed is nobody's loss or gain.
   */
  movedSince(before: Counters, { metric, labels, of }: CounterQuery): number {
    const then = before.read(metric, labels);
    return [...this.read(metric, labels)].reduce((sum, [pid, value]) => {
      const from = then.get(pid) ?? (of === 'survivors' ? value : 0);
      return sum + Math.max(0, value - from);
    }, 0);
  }

  total(name: string, labels = ''): number {
    return [...this.read(name, labels).values()].reduce((sum, value) => sum + value, 0);
  }
}

export interface CounterQuery {
  metric: string;
  /** A part of the labels as they are written. */
  labels?: string;
  of?: 'survivors';
}

function sumOf(text: string, name: string, labels: string): number {
  return text
    .split('\n')
    .filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
