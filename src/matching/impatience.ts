/** Lower ends of the waiting buckets, s. Patience is short at first, then people who stay tend to stay. */
const BUCKET_STARTS_S = [0, 1, 3, 8, 20, 45];

/** A small prior, so that the first hour is not ruled by the first person who left: one leaving per 30 s, seen for 60 s in each bucket. */
const PRIOR_EXPOSURE_S = 60;
const PRIOR_RATE = 1 / 30;

/** s of waiting that a bucket remembers: enough for 2 % error, few enough to follow the hour. */
const EXPOSURE_REMEMBERED_S = 50_000;

/** What `Impatience` is after a restart. */
export interface ImpatienceSnapshot {
  readonly exposureS: number[];
  readonly left: number[];
}

/** How likely people are to give up in the next second, by how long they have waited: leavings per second of waiting. */
export class Impatience {
  private readonly exposureS = new Float64Array(BUCKET_STARTS_S.length);
  private readonly left = new Float64Array(BUCKET_STARTS_S.length);

  /** A search that ended after `waitS`, by giving up or otherwise: all have been exposed, few have left. */
  observe(waitS: number, gaveUp: boolean): void {
    const last = bucketOf(waitS);
    for (let bucket = 0; bucket <= last; bucket++) {
      const start = BUCKET_STARTS_S[bucket]!;
      const end = Math.min(waitS, BUCKET_STARTS_S[bucket + 1] ?? Infinity);
      this.exposureS[bucket]! += Math.max(0, end - start);
      if (this.exposureS[bucket]! > EXPOSURE_REMEMBERED_S) this.halve(bucket);
    }
    if (gaveUp) this.left[last]! += 1;
  }

  /** mu(w): chance per second to give up now, for someone who has waited `waitS`. Above 0, at most 1 per second. */
  hazard(waitS: number): number {
    const bucket = bucketOf(waitS);
    const left = this.left[bucket]! + PRIOR_RATE * PRIOR_EXPOSURE_S;
    return Math.min(1, left / (this.exposureS[bucket]! + PRIOR_EXPOSURE_S));
  }

  /** mu(w) as it is: from each of these waits (s, ascending) on, up to the next. */
  steps(): { fromS: number; hazardPerS: number }[] {
    return BUCKET_STARTS_S.map((fromS) => ({ fromS, hazardPerS: this.hazard(fromS) }));
  }

  toSnapshot(): ImpatienceSnapshot {
    return { exposureS: [...this.exposureS], left: [...this.left] };
  }

  restore({ exposureS, left }: ImpatienceSnapshot): void {
    this.exposureS.set(exposureS);
    this.left.set(left);
  }

  private halve(bucket: number): void {
    this.exposureS[bucket]! /= 2;
    this.left[bucket]! /= 2;
  }
}

function bucketOf(waitS: number): number {
  const next = BUCKET_STARTS_S.findIndex((start) => start > waitS);
  return next === -1 ? BUCKET_STARTS_S.length - 1 : Math.max(0, next - 1);
}
