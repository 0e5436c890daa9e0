/** How many tags a shard remembers that nobody waiting holds; the rarest are forgotten first. */
const FREE_TAGS_KEPT = 20_000;

/** Memory of the counts behind `rarity`: how many arrivals weigh until older ones fade, about. */
const ARRIVALS_REMEMBERED = 20_000;

interface Tag {
  readonly id: number;
  /** How many waiting searches hold the id: it is not given away while this is above 0. */
  holders: number;
  /** Decayed number of arrivals with this tag. */
  arrivals: number;
}

/**
 * Interns the normalised interest texts of one shard to small ids, and knows how rare each is among those who arrive.
 * Bounded: tags that nobody holds are forgotten beyond `FREE_TAGS_KEPT`, and their ids used again.
 */
export class InterestTags {
  private readonly tags = new Map<string, Tag>();
  private readonly texts: string[] = [];
  private readonly freeIds: number[] = [];
  private heldTags = 0;
  private arrivals = 0;

  /** The ids of these texts, ascending, each once; held until `release`. */
  hold(texts: readonly string[]): number[] {
    const ids = [...new Set(texts)].map((text) => {
      const tag = this.tagOf(text);
      if (tag.holders++ === 0) this.heldTags++;
      return tag.id;
    });
    return ids.sort((a, b) => a - b);
  }

  /** Gives back what `hold` returned, once per `hold`. */
  release(ids: readonly number[]): void {
    for (const id of ids) {
      const tag = this.tags.get(this.texts[id] ?? '');
      if (tag && tag.holders > 0 && --tag.holders === 0) this.heldTags--;
    }
    if (this.tags.size - this.heldTags > FREE_TAGS_KEPT * 1.25) this.forgetRarest();
  }

  textOf(id: number): string {
    return this.texts[id] ?? '';
  }

  /** Counts one new search with these tags. Not for edits, refused claims or a rebuilt mirror. */
  countArrival(ids: readonly number[]): void {
    this.arrivals += 1;
    for (const id of ids) {
      const tag = this.tags.get(this.texts[id] ?? '');
      if (tag) tag.arrivals += 1;
    }
    if (this.arrivals >= 2 * ARRIVALS_REMEMBERED) this.halve();
  }

  /**
   * 0..1: how much a common tag says. Inverse document frequency over arrivals, `ln((N + 2) / (n + 1)) / ln(N + 2)`:
   * 1 for a tag met for the first time, near 0 for one that everybody has.
   */
  rarity(id: number): number {
    const own = this.tags.get(this.texts[id] ?? '')?.arrivals ?? 0;
    return Math.max(0, Math.log((this.arrivals + 2) / (own + 1)) / Math.log(this.arrivals + 2));
  }

  private tagOf(text: string): Tag {
    const known = this.tags.get(text);
    if (known) return known;
    const id = this.freeIds.pop() ?? this.texts.length;
    const tag = { id, holders: 0, arrivals: 0 };
    this.texts[id] = text;
    this.tags.set(text, tag);
    return tag;
  }

  private halve(): void {
    this.arrivals /= 2;
    for (const tag of this.tags.values()) tag.arrivals /= 2;
  }

  private forgetRarest(): void {
    const free = [...this.tags].filter(([, tag]) => tag.holders === 0);
    free.sort(([, a], [, b]) => a.arrivals - b.arrivals || a.id - b.id);
    for (const [text, tag] of free.slice(0, free.length - FREE_TAGS_KEPT)) {
      this.tags.delete(text);
      this.texts[tag.id] = '';
      this.freeIds.push(tag.id);
    }
  }
}
