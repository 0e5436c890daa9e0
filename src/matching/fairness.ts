import type { FairnessSettings } from '../config/matching-policy.js';

/**
 * w / (w + tau) of the most that seniority adds: rises with every second waited, never beyond `seniority`. Tau is the mean wait, s.
 * Written as 1 - tau / (w + tau), which the rounding of numbers leaves rising.
 */
export function seniorityBonus(waitS: number, meanWaitS: number, settings: FairnessSettings): number {
  const tau = Math.max(meanWaitS, 0.1);
  return settings.seniority * (1 - tau / (Math.max(0, waitS) + tau));
}

/** rho: what a class that ends badly more often than all others is given, never beyond `classCap`. */
export function classBonus(excessLoss: number, settings: FairnessSettings): number {
  return Math.min(settings.classCap, settings.classGain * Math.max(0, excessLoss));
}
