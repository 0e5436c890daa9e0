interface ByteRate {
  /** ms that one byte takes, for ever */
  readonly byteMs: number;
  /** Bytes that may come at once. */
  readonly burst: number;
}

/** GCRA with bytes for events: `paidUntil` is when the bucket would be empty (ms). The caller gives the time. */
export class ByteAccount {
  private paidUntil = 0;

  constructor(private readonly rate: ByteRate) {}

  /** @returns whether there was room; charged either way */
  charge(bytes: number, now: number): boolean {
    this.paidUntil = Math.max(this.paidUntil, now) + bytes * this.rate.byteMs;
    return this.paidUntil - now <= this.rate.burst * this.rate.byteMs;
  }
}
