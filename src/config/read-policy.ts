import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import { DEFAULT_POLICY } from './matching-policy.js';
import type { MatchingPolicyConfig, ScoreWeights } from './matching-policy.js';

type Bounds = readonly [least: number, most: number];

/** The sane range of each setting, in the unit that its interface names. */
export const POLICY_BOUNDS: { readonly [Part in keyof MatchingPolicyConfig]: Record<string, Bounds> | Bounds } = {
  weights: { base: [0, 1], interests: [0, 1], age: [0, 1], language: [0, 1], region: [0, 1], trust: [0, 1] },
  hold: { longestMs: [0, 2_000], waitCostPerS: [0.001, 0.1], expectation: [0.5, 10] },
  rounds: { startPerS: [10, 1_000_000], stopPerS: [5, 1_000_000], everyMs: [50, 2_000] },
  fairness: { seniority: [0, 0.2], classGain: [0, 5], classCap: [0, 0.5] },
  widen: { earliestMs: [500, 60_000], latestMs: [500, 300_000], partnersPerDeparture: [0.1, 100] },
  candidates: [4, 64],
  scanned: [256, 100_000],
} satisfies { [Part in keyof MatchingPolicyConfig]: { [Field in keyof MatchingPolicyConfig[Part]]: Bounds } | Bounds };

/** Sizes of lists. */
const COUNTS = ['candidates', 'scanned'];

const schemaOf = (bounds: Record<string, Record<string, Bounds> | Bounds>): object => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(bounds).map(([name, part]) => [
      name,
      Array.isArray(part)
        ? { type: COUNTS.includes(name) ? 'integer' : 'number', minimum: part[0], maximum: part[1] }
        : schemaOf(part as Record<string, Bounds>),
    ]),
  ),
});

const validate = new Ajv({ allErrors: true }).compile(schemaOf(POLICY_BOUNDS));

/**
 * The shipped policy with what `json` sets otherwise. Each fault names its field (`hold.longestMs must be <= 2000`) and is pushed; the
 * shipped policy is what a faulty one answers.
 */
export function readPolicy(json: unknown, faults: string[]): MatchingPolicyConfig {
  if (!validate(json)) {
    faults.push(...(validate.errors ?? []).map(faultOf));
    return DEFAULT_POLICY;
  }
  const given = json as { [Part in keyof MatchingPolicyConfig]?: Partial<MatchingPolicyConfig[Part]> };
  const { weights, hold, rounds, fairness, widen, candidates, scanned } = DEFAULT_POLICY;
  const policy: MatchingPolicyConfig = {
    weights: given.weights ? inProportion({ ...weights, ...given.weights }) : weights,
    hold: { ...hold, ...given.hold },
    rounds: { ...rounds, ...given.rounds },
    fairness: { ...fairness, ...given.fairness },
    widen: { ...widen, ...given.widen },
    candidates: given.candidates ?? candidates,
    scanned: given.scanned ?? scanned,
  };
  const found = faultsBetween(policy);
  faults.push(...found);
  return found.length > 0 ? DEFAULT_POLICY : policy;
}

/** As `readPolicy`, from a JSON file. */
export function readPolicyFile(file: string, faults: string[]): MatchingPolicyConfig {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    faults.push('is no JSON file that can be read');
    return DEFAULT_POLICY;
  }
  return readPolicy(json, faults);
}

/** What is learnt of scores takes them to be 0..1: so the weights sum to 1, and only their proportions count. */
function inProportion(weights: ScoreWeights): ScoreWeights {
  const { base, interests, age, language, region, trust } = weights;
  const sum = base + interests + age + language + region + trust;
  return {
    base: base / sum,
    interests: interests / sum,
    age: age / sum,
    language: language / sum,
    region: region / sum,
    trust: trust / sum,
  };
}

function faultsBetween({ weights, rounds, widen }: MatchingPolicyConfig): string[] {
  const faults: string[] = [];
  if (!Number.isFinite(weights.base)) faults.push('weights must not all be 0');
  if (rounds.stopPerS > rounds.startPerS) faults.push('rounds.stopPerS must be <= rounds.startPerS');
  if (widen.latestMs < widen.earliestMs) faults.push('widen.latestMs must be >= widen.earliestMs');
  return faults;
}

function faultOf({ instancePath, keyword, params, message }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.');
  if (keyword !== 'additionalProperties') return `${path || 'the policy'} ${message}`;
  // What is no setting was written by the operator, and is the name that is looked for; long ones are cut.
  const name = (params as { additionalProperty: string }).additionalProperty.slice(0, 40);
  return `${path ? `${path}.` : ''}${name} is no setting`;
}
