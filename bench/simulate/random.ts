/** Seeded random numbers (sfc32): the same seed and purpose give the same numbers on every machine. */
export class Random {
  private readonly state: Uint32Array;

  constructor(seed: number, purpose: string) {
    this.state = Uint32Array.of(seed, hash(purpose), 0x9e3779b9, 1);
    for (let round = 0; round < 20; round++) this.next();
  }

  /** 0 <= x < 1 */
  next(): number {
    const s = this.state;
    const sum = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3]!++;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum / 4_294_967_296;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  weibull(shape: number, scale: number): number {
    return scale * (-Math.log(1 - this.next())) ** (1 / shape);
  }

  lognormal(median: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(sigma * normal);
  }

  /** An index, each as likely as its weight. */
  choose(weights: readonly number[]): number {
    let left = this.next() * weights.reduce((sum, weight) => sum + weight, 0);
    const at = weights.findIndex((weight) => (left -= weight) < 0);
    return at === -1 ? weights.length - 1 : at;
  }
}

/** Weights 1 / rank^exponent. */
export function zipf(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, rank) => 1 / (rank + 1) ** exponent);
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 16_777_619);
  return value >>> 0;
}
