import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MatchingModel } from '../support/matching-model.js';
import { alone, anyHistory, claim, start } from '../support/matching-model.history.js';
import type { History } from '../support/matching-model.history.js';
import { startMatchingStage } from '../support/matching-stage.js';
import type { MatchingStage } from '../support/matching-stage.js';

/** `npm run test:model` takes more of them. */
const RUNS = Number(process.env['STOA_MODEL_RUNS'] ?? 40);

let stage: MatchingStage;
let model: MatchingModel;

beforeAll(async () => {
  stage = await startMatchingStage();
  model = new MatchingModel(stage, [await stage.startProcess('api'), await stage.startProcess('api')]);
});
afterAll(() => stage?.stop());

describe('matching keeps its promises', () => {
  it(
    'whatever people do at once, and wherever a worker dies',
    () =>
      fc.assert(
        fc.asyncProperty(anyHistory, (history) => model.live(history)),
        { numRuns: RUNS },
      ),
    60_000 + RUNS * 1_000,
  );

  it('to whoever left a match and searches again before its late worker concludes it', async () => {
    const history: History = [
      [start(4), start(5)],
      [claim('pause after commit', [4, 5])],
      alone('sweep'),
      [{ op: 'leave', who: 4 }],
      [start(4)],
      alone('wake'),
    ];
    await expect(model.live(history)).resolves.toBeUndefined();
  });

  it('to whoever was matched by a late worker while they were in another claim', async () => {
    const history: History = [
      [start(3), start(4), start(5)],
      [claim('pause', [4, 5])],
      alone('sweep'),
      [claim('crash', [4, 3])],
      alone('wake'),
      [{ op: 'drop', who: 4, on: 0 }],
      [{ op: 'leave', who: 5 }],
    ];
    await expect(model.live(history)).resolves.toBeUndefined();
  });

  it('to whoever has other wishes while a claim holds them that comes to nothing', async () => {
    const history: History = [[start(4), start(5)], [claim('crash', [4, 5])], [start(4, 1)], alone('sweep')];
    await expect(model.live(history)).resolves.toBeUndefined();
  });

  it('to whoever is dropped while another process renews their search', async () => {
    // Who comes first is chance.
    for (let i = 0; i < 10; i += 1) {
      const history: History = [
        [start(0), start(2)],
        [{ op: 'cancel', who: 0, on: 0 }],
        [
          { op: 'beat', on: 0 },
          { op: 'drop', who: 2, on: 1 },
        ],
      ];
      await expect(model.live(history)).resolves.toBeUndefined();
    }
  });
});
