import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ORIGIN } from '../support/auth-app.js';
import type { Browser } from '../support/browser.js';
import { compare, judge } from './paired-statistics.js';
import type { Comparison, Verdict } from './paired-statistics.js';

/** What is compared: for each pair, one fresh body of each class. */
export interface Experiment {
  name: string;
  path: string;
  browser: Browser;
  /** HTTP status that every answer must have. */
  status: number;
  reference: (count: number) => Promise<object[]>;
  other: (count: number) => Promise<object[]>;
}

export interface Outcome extends Comparison {
  verdict: Verdict;
}

interface Measured {
  ms: number;
  status: number;
}

const WARM_UP = 40;

/** Measures as an attacker would, from a thread of its own. */
export class Attacker {
  private readonly worker = new Worker(new URL('client.mjs', import.meta.url));

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  /** With twice the pairs when the first round does not decide. */
  async judge(experiment: Experiment, pairs: number): Promise<Outcome> {
    const first = await this.round(experiment, pairs);
    const outcome = first.verdict === 'undecided' ? await this.round(experiment, 2 * pairs) : first;
    const [low, high] = outcome.interval.map((ms) => ms.toFixed(2));
    process.stdout.write(
      `${outcome.verdict.padEnd(9)} ${experiment.name}: ${outcome.pairs} pairs, median ${outcome.median.toFixed(2)} ms ` +
        `[${low}, ${high}], AUC ${outcome.auc.toFixed(3)}, Wilcoxon p ${outcome.wilcoxonP.toFixed(3)}, KS ${outcome.ksDistance.toFixed(3)}\n`,
    );
    return outcome;
  }

  private async round(experiment: Experiment, pairs: number): Promise<Outcome> {
    const count = pairs + WARM_UP;
    const bodies = [await experiment.reference(count), await experiment.other(count)] as const;
    const flipped = Array.from({ length: count }, () => Math.random() < 0.5);
    const order = flipped.flatMap((flip, i) => (flip ? [bodies[1][i], bodies[0][i]] : [bodies[0][i], bodies[1][i]]));
    const measured = await this.send(experiment, order as object[]);
    const wrong = measured.find(({ status }) => status !== experiment.status);
    if (wrong) throw new Error(`${experiment.name}: answered ${wrong.status} instead of ${experiment.status}`);
    const times: [number[], number[]] = [[], []];
    for (let i = WARM_UP; i < count; i += 1) {
      const [first, second] = [measured[2 * i]?.ms ?? 0, measured[2 * i + 1]?.ms ?? 0];
      times[0].push(flipped[i] ? second : first);
      times[1].push(flipped[i] ? first : second);
    }
    const comparison = compare(times[0], times[1], Math.random);
    return { ...comparison, verdict: judge(comparison) };
  }

  private async send({ path, browser }: Experiment, bodies: object[]): Promise<Measured[]> {
    const url = `${browser.url}/api/v1${path}`;
    const headers = {
      origin: ORIGIN,
      cookie: browser.cookie,
      'x-csrf-token': browser.csrfToken,
      'content-type': 'application/json',
    };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
    this.worker.postMessage(bodies.map((body) => ({ url, headers, body: JSON.stringify(body) })));
    const [measured] = (await once(this.worker, 'message')) as [Measured[]];
    return measured;
  }
}
