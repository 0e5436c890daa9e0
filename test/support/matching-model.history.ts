import fc from 'fast-check';

/** People of one history. */
export const PEOPLE = 6;

/**
 * How a worker goes on after a claim. `crash…`: never again; `pause…`: later, maybe when the sweep has been there; `pause, then crash`: it
 * still commits, unless the sweep has been there; `twice`: another one concludes it, too.
 */
export type Next =
  'open' | 'twice' | 'crash' | 'crash after commit' | 'pause' | 'pause after commit' | 'pause, then crash';
type Couple = readonly [number, number];

/** People by number, api processes by number. `stale`: by what was to be seen some rounds ago. `wake`: only who was held up until after a sweep goes on. */
export type Op =
  | { op: 'start'; who: number; on: number; wish: number }
  | { op: 'cancel' | 'drop'; who: number; on: number }
  | { op: 'fade' | 'leave'; who: number }
  | { op: 'claim'; couples: readonly Couple[]; stale: boolean; next: Next }
  | { op: 'block'; couple: Couple }
  | { op: 'beat'; on: number }
  | { op: 'sweep' | 'resume' | 'wake' | 'flush' };

/** What happens at once. */
export type Round = readonly Op[];
export type History = readonly Round[];

const person = fc.nat(PEOPLE - 1);
const process = fc.nat(1);
const couple = fc.tuple(person, person);
const anyNext = fc.constantFrom<Next>(
  'open',
  'open',
  'crash',
  'crash after commit',
  'pause',
  'pause',
  'pause after commit',
  'twice',
);

const anyOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('start' as const), who: person, on: process, wish: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('cancel' as const), who: person, on: process }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('drop' as const), who: person, on: process }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('fade' as const), who: person }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('claim' as const),
      couples: fc.array(couple, { minLength: 1, maxLength: 3 }),
      stale: fc.boolean(),
      next: anyNext,
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('block' as const), couple }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('leave' as const), who: person }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('beat' as const), on: process }) },
);
const aloneOp: fc.Arbitrary<Op> = fc.record({
  op: fc.constantFrom('sweep' as const, 'resume' as const, 'resume' as const, 'flush' as const),
});

export const start = (who: number, wish = 0): Op => ({ op: 'start', who, on: who % 2, wish });
export const claim = (next: Next, ...couples: Couple[]): Op => ({ op: 'claim', couples, stale: false, next });
export const alone = (op: 'sweep' | 'resume' | 'wake'): Round => [{ op }];

/** Whatever these did before: now they search. */
const assembled = (who: readonly number[]): Round[] => [
  who.map((one) => ({ op: 'leave', who: one })),
  who.map((one) => start(one)),
];

const everybody = Array.from({ length: PEOPLE }, (_, i) => i);
const castOf = <Cast extends readonly number[]>(size: Cast['length']): fc.Arbitrary<Cast> =>
  fc.shuffledSubarray(everybody, { minLength: size, maxLength: size }) as unknown as fc.Arbitrary<Cast>;
const two = castOf<readonly [number, number]>(2);
const four = castOf<readonly [number, number, number, number]>(4);

/** What one of a cast does by themselves; `who` is their place in it. */
const anyDeed = fc.record({
  deed: fc.constantFrom('start', 'start', 'cancel', 'drop', 'leave', 'leave', 'fade', 'beat'),
  who: fc.nat(3),
  on: process,
  wish: fc.nat(1),
});
type Deed = typeof anyDeed extends fc.Arbitrary<infer Value> ? Value : never;

function deedOf({ deed, who, on, wish }: Deed, cast: readonly number[]): Op {
  const one = cast[who]!;
  if (deed === 'start') return { op: 'start', who: one, on, wish };
  if (deed === 'cancel' || deed === 'drop') return { op: deed, who: one, on };
  if (deed === 'leave' || deed === 'fade') return { op: deed, who: one };
  return { op: 'beat', on };
}

/** A worker is held up with a claim; the sweep gives the searches back, they are claimed again, and then the worker wakes. */
const latecomer: fc.Arbitrary<Round[]> = fc
  .record({
    cast: four,
    held: fc.constantFrom<Next>('pause', 'pause', 'pause after commit'),
    meanwhile: fc.array(anyDeed, { maxLength: 1 }),
    again: fc.constantFrom('nobody', 'one', 'one', 'both', 'both', 'the other'),
    flip: fc.boolean(),
    undecided: fc.constantFrom<Next>('pause', 'crash', 'pause after commit'),
    decided: fc.constantFrom<Next>('open', 'open', 'twice', 'crash after commit'),
    between: fc.array(anyDeed, { maxLength: 1 }),
    waking: fc.constantFrom('wake' as const, 'wake' as const, 'resume' as const),
    after: fc.array(anyDeed, { maxLength: 3 }),
  })
  .map(({ cast, held, meanwhile, again, flip, undecided, decided, between, waking, after }) => {
    const [a, b, c, d] = cast;
    const one = claim(undecided, flip ? [c, a] : [a, c]);
    const other = claim(decided, [b, d]);
    const claims = { nobody: [], one: [one], both: [one, other], 'the other': [other] }[again];
    const deeds = (some: readonly Deed[]): Round[] => some.map((deed) => [deedOf(deed, cast)]);
    return [
      ...assembled(cast),
      [claim(held, [a, b])],
      ...deeds(meanwhile),
      alone('sweep'),
      ...(claims.length > 0 ? [claims] : []),
      ...deeds(between),
      alone(waking),
      ...deeds(after),
    ];
  });

/** Somebody is claimed as they were before they changed their wishes, or died. */
const outdated: fc.Arbitrary<Round[]> = fc
  .record({ cast: two, flip: fc.boolean(), change: fc.constantFrom('edit', 'edit', 'fade'), next: anyNext })
  .map(({ cast, flip, change, next }) => {
    const [a, b] = cast;
    const couples = [flip ? ([b, a] as const) : ([a, b] as const)];
    return [
      ...assembled(cast),
      [change === 'edit' ? start(a, 1) : { op: 'fade', who: a }],
      [{ op: 'claim', couples, stale: true, next }],
    ];
  });

/** Somebody is gone before their claim is concluded, and comes back. */
const quitter: fc.Arbitrary<Round[]> = fc
  .record({
    cast: two,
    next: fc.constantFrom<Next>('crash', 'crash', 'pause', 'crash after commit', 'pause after commit'),
    back: fc.constantFrom('before', 'after', 'after', 'never'),
    waking: fc.boolean(),
  })
  .map(({ cast, next, back, waking }) => {
    const [a, b] = cast;
    return [
      ...assembled(cast),
      [claim(next, [a, b])],
      [{ op: 'drop', who: a, on: 0 }],
      ...(back === 'before' ? [[start(a)]] : []),
      alone('sweep'),
      ...(back === 'after' ? [[start(a)]] : []),
      ...(waking ? [alone('wake')] : []),
    ];
  });

/** Two talked, and search on: one of them in the search of before, when their worker crashed. */
const reunion: fc.Arbitrary<Round[]> = fc
  .record({
    cast: two,
    flip: fc.boolean(),
    next: fc.constantFrom<Next>('open', 'twice', 'crash after commit', 'crash after commit', 'pause after commit'),
    beats: fc.boolean(),
    waking: fc.boolean(),
  })
  .map(({ cast, flip, next, beats, waking }) => {
    const [a, b] = cast;
    return [
      ...assembled(cast),
      [claim(next, [a, b])],
      [{ op: 'leave', who: a }],
      ...(beats ? [[0, 1].map((on): Op => ({ op: 'beat', on }))] : []),
      alone('sweep'),
      [start(b)],
      ...(waking ? [alone('wake')] : []),
      [claim('open', flip ? [b, a] : [a, b])],
    ];
  });

/** Somebody starts their search again while it is claimed, maybe with other wishes, before the worker commits, or after which it never does; then they meet somebody. */
const restless: fc.Arbitrary<Round[]> = fc
  .record({
    cast: castOf<readonly [number, number, number]>(3),
    flip: fc.boolean(),
    commits: fc.boolean(),
    wish: fc.nat(1),
  })
  .map(({ cast, flip, commits, wish }) => {
    const [a, b, c] = cast;
    const parted: Round[] = [[{ op: 'leave', who: a }], alone('sweep')];
    return [
      ...assembled(cast),
      [claim(commits ? 'pause, then crash' : 'crash', [a, b])],
      [start(a, wish)],
      ...(commits
        ? [alone('resume'), ...parted, [start(b)], [claim('open', flip ? [b, a] : [a, b])]]
        : [alone('sweep'), [claim('crash after commit', flip ? [c, a] : [a, c])], ...parted]),
    ];
  });

/** Orders of steps that chance hardly finds. */
const episode = fc.oneof(
  { weight: 4, arbitrary: latecomer },
  { weight: 1, arbitrary: outdated },
  { weight: 1, arbitrary: quitter },
  { weight: 1, arbitrary: reunion },
  { weight: 1, arbitrary: restless },
);
const anyRound = fc.array(anyOp, { minLength: 1, maxLength: 5 }).map((round): Round[] => [round]);

export const anyHistory: fc.Arbitrary<History> = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: episode }, { weight: 1, arbitrary: anyRound }),
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: anyRound },
        { weight: 3, arbitrary: aloneOp.map((op): Round[] => [[op]]) },
        { weight: 1, arbitrary: episode },
      ),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map(([first, rest]) => [first, ...rest].flat());
