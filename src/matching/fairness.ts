import type { FairnessSettings } from '../config/matching-policy.js';

/** w / (w + tau) of the most that seniority adds: rises with every second waited, never beyond `seniority`. Tau is the mean wait, s. */
export function seniorityBonus(waitS: number, meanWaitS: number, settings: FairnessSettings): number {
  const wait = Math.max(0, waitS);
  return (settings.seniority * wait) / (wait + Math.max(meanWaitS, 0.1));
}

/** rho: what a class that ends badly more often than all others is given, never beyond `classCap`. */
export function classBonus(excessLoss: number, settings: FairnessSettings): number {
  return Math.min(settings.classCap, settings.classGain * Math.max(0, excessLoss));
}
