import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MatchingModel, anyHistory } from '../support/matching-model.js';
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
});
