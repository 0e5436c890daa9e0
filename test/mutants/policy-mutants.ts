/** A change of the policy's source that the unit tests must find. */
export interface PolicyMutant {
  /** What it gets wrong, in words. */
  readonly name: string;
  /** From src/matching. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
}

const wrong = (file: string, name: string, from: string, to: string): PolicyMutant => ({ name, file, from, to });

export const POLICY_MUTANTS: readonly PolicyMutant[] = [
  wrong(
    'learning.ts',
    'a lost connection is a loss of its class',
    'this.impatience.observe(waitOf(ticket, nowMs), false);\n  }',
    'this.impatience.observe(waitOf(ticket, nowMs), false);\n    this.losses.observe(ticket, waitOf(ticket, nowMs), false);\n  }',
  ),
  wrong(
    'learning.ts',
    'a lost connection is impatience',
    'this.impatience.observe(waitOf(ticket, nowMs), false);\n  }',
    'this.impatience.observe(waitOf(ticket, nowMs), true);\n  }',
  ),
  wrong('learning.ts', 'giving up is no impatience', 'observe(waitOf(ticket, nowMs), true)', 'observe(0, false)'),
  wrong('learning.ts', 'giving up is no loss', 'this.losses.observe(ticket, waitOf(ticket, nowMs), false);', ''),
  wrong('learning.ts', 'a match is impatience', 'observe(waitS, false)', 'observe(waitS, true)'),
  wrong('shard-policy.ts', 'whoever is lost gave up', "if (how === 'gave_up')", 'if (how)'),
  ...['arrivals', 'impatience', 'thicknessGain', 'scores', 'losses', 'matchScore', 'matchWait'].map((part) =>
    wrong('learning.ts', `a restart forgets ${part}`, `learning.${part}.restore(snapshot.${part});`, ''),
  ),
  wrong('learning.ts', 'a snapshot of any version is read', 'if (snapshot.version !== VERSION) return learning;', ''),
  wrong('class-loss.ts', 'a long wait is no loss', 'Math.min(1, waitS / WORST_WAIT_S)', '0'),
  wrong('class-loss.ts', 'the better class is corrected', '?? all) - all)', '?? all) * -1 + all)'),
  wrong('impatience.ts', 'nobody is exposed', 'Math.max(0, end - start)', '0'),
  wrong('hold.ts', 'hold without -1 / lambda', ' - 1 / partnersPerS', ''),
  wrong('hold.ts', 'hold beyond H', 'settings.longestMs / 1000', '(2 * settings.longestMs) / 1000'),
  wrong('hold.ts', 'hold whatever it costs', 'settings.waitCostPerS + hazardPerS * meanScore', 'settings.waitCostPerS'),
  wrong('../config/matching-policy.ts', 'H doubled', 'longestMs: 800', 'longestMs: 1_600'),
  wrong('threshold.ts', 'one is hoped for as if it were many', 'hopefuls <= 1 ? 0 :', 'hopefuls <= 0 ? 0 :'),
  wrong('threshold.ts', 'hope whatever comes', 'expectation * partnersPerS * holdLeftS', 'expectation * partnersPerS'),
  wrong('threshold.ts', 'the worst of n instead of the best', 'quantile(1 - 1 / hopefuls)', 'quantile(1 / hopefuls)'),
  wrong('pair-picker.ts', 'theta is never applied', 'if (priority >= (own.threshold + threshold) / 2)', ''),
  wrong('pair-picker.ts', 'theta without bound in time', 'hold - waitS', 'hold'),
  wrong(
    'pick-edges.ts',
    'worst pair first',
    'this.priorities[y]! - this.priorities[x]!',
    'this.priorities[x]! - this.priorities[y]!',
  ),
  wrong(
    'pair-picker.ts',
    'no bonus for a class',
    'classBonus(learning.losses.excess(bucket.profile), config.fairness)',
    '0',
  ),
  wrong('pair-picker.ts', 'no bonus at all', '(own.bonus + bonus) / 2', '0'),
  wrong('pair-picker.ts', 'nobody is widened', 'pool.reach(slot, widened(pool.ticketAt[slot]!));', ''),
  wrong(
    'pair-picker.ts',
    'one who came later has more reach',
    'sinceMs > pool.profileAt[slot]!.widenedSinceMs',
    'true',
  ),
  wrong(
    'pair-picker.ts',
    'everybody is widened at the earliest',
    'if (waitMs < widenAfterMs(pool.bucketOf[slot]!.partnersPerS, hazardPerS, config.widen)) return true;',
    '',
  ),
  wrong('fairness.ts', 'no bonus for waiting', 'settings.seniority * (1 - tau', '0 * (1 - tau'),
  wrong(
    'fairness.ts',
    'a bonus without cap',
    'Math.min(settings.classCap, settings.classGain * Math.max(0, excessLoss))',
    'settings.classGain * Math.max(0, excessLoss)',
  ),
  wrong('fairness.ts', 'a class is given what it lost', 'settings.classGain * ', ''),
  wrong('widen.ts', 'widened two age bands', '(seeksAges << 1)', '(seeksAges << 1) | (seeksAges << 2)'),
  wrong('widen.ts', 'widened in language without opting in', 'anyLanguage: ticket.opensLanguage', 'anyLanguage: true'),
  wrong('widen.ts', 'widened in gender', '{ ...ticket, seeksAges', '{ ...ticket, seeksGenders: 0, seeksAges'),
  wrong('widen.ts', 'sooner where more come', 'Math.max(settings.earliestMs, wantedMs)', 'settings.earliestMs'),
  wrong('hard-rules.ts', 'one opt-in is enough', 'a.anyLanguage && b.anyLanguage', 'a.anyLanguage || b.anyLanguage'),
  wrong(
    'pool-bucket.ts',
    'one opt-in is enough for a bucket',
    'this.profile.anyLanguage === true && other',
    'this.profile.anyLanguage === true || other',
  ),
  wrong('pool-bucket.ts', 'gender sought by one side', ' || (other.sought & this.traits) !== this.traits', ''),
  wrong(
    'score-distribution.ts',
    'the quantile inverted',
    'this.totals[row]! * (1 - share)',
    'this.totals[row]! * share',
  ),
  wrong(
    'score-distribution.ts',
    'one distribution for all',
    'const row = Math.min(tags, MOST_TAGS);\n    const bin',
    'const row = 0;\n    const bin',
  ),
  wrong('interest-tags.ts', 'rarity inverted', '(this.arrivals + 2) / (own + 1)', 'own + 1'),
  wrong('partner-scan.ts', 'rarity ignored', 'this.policy.tags.rarity(tags[at]!)', '1'),
  wrong('partner-scan.ts', 'region ignored', 'score += regionWeight', 'score += 0'),
  wrong('partner-scan.ts', 'avoided from one side only', ' || this.policy.avoids(b, a)', ''),
];
