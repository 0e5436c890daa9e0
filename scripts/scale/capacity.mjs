// What docs/capacity.md says of a scale run: every figure of the page that was measured, and what follows from it, comes from here.

/**
 * @typedef {{ api: number, worker: number, postgres: number, redis: number }} ByKind
 * @typedef {{ apis: number, workers: number, cluster: boolean, connections?: number, perMessage: ByKind, ackMs: number[], perMatch: ByKind,
 *   matchMs: number, idleMicroseconds: number, bytesEach: number, herdMs: number }} Row ms, but where the name says otherwise
 * @typedef {{ where: string, held: number, seconds: number, microseconds: { api: number, postgres: number, redis: number }, bytesEach: number, bytes: number }} Idle
 * @typedef {{ where: string, people: number, rate: number, seconds: number, rows: Row[], idle?: Idle }} Run
 * @typedef {{ target: number, limitMiB: number, requestedCores: number, cpuTarget: number }} Manifest of the api: connections and share of the
 *   requested CPU that its autoscaler aims at
 * @typedef {{ api: number, postgres: number }} Saturated CPU per message where every message crosses (µs), from bench/results.md
 */

const MiB = 1_024 * 1_024;
const million = 1_000_000;

/** The assumptions: what a million people do. */
export const crowd = {
  talking: 600_000,
  secondsBetweenMessages: 10,
  secondsOfConversation: 300,
  secondsOfConnection: 1_200,
  /** Each connection renews its presence so often (s). */
  renewal: 5,
  /** Scripts a second that one Redis is taken to do. */
  redisScripts: 100_000,
  poolSize: 10,
};
const messages = crowd.talking / crowd.secondsBetweenMessages;
const matches = crowd.talking / 2 / crowd.secondsOfConversation;

const ms = (value) => value.toFixed(value < 10 ? 2 : 0);
const count = (value) => Math.round(value).toLocaleString('en');
const tenth = (value) => value.toFixed(value < 10 ? 1 : 0);
const cores = (value) => `${tenth(value)} cores`;
const byKind = ({ api, worker, postgres, redis }) => [api, worker, postgres, redis].map(ms).join(' / ');
const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** `a` or `a–b`, with the unit of the thing. */
function span(values, write) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(write);
  return least === most ? least : `${least}–${most}`;
}

/** The row with the most processes on one Redis: a large deployment is most like it. @param {Run} run @returns {Row} */
const widest = ({ rows }) =>
  rows
    .filter(({ cluster }) => !cluster)
    .toSorted((a, b) => a.apis + a.workers - b.apis - b.workers)
    .at(-1) ?? rows[0];

/** @param {Run} run */
export function sayStages(run) {
  const heads = [
    'api',
    'workers',
    'Redis',
    'connections held',
    'CPU per message (ms): api / worker / Postgres / Redis',
    'ack p50 / p99 (ms)',
    'CPU per match (ms): api / worker / Postgres / Redis',
    'match p99 (ms)',
    'CPU per idle connection (µs/s)',
    'memory per connection',
    'herd: last one back (ms)',
  ];
  const lines = run.rows.map((row) => [
    row.apis,
    row.workers,
    row.cluster ? '3 primaries' : 'one',
    row.connections ?? 'not counted',
    byKind(row.perMessage),
    row.ackMs.map(ms).join(' / '),
    byKind(row.perMatch),
    ms(row.matchMs),
    row.idleMicroseconds.toFixed(0),
    `${(row.bytesEach / 1_024).toFixed(0)} KiB`,
    ms(row.herdMs),
  ]);
  const [one, most] = [run.rows[0], widest(run)];
  const flat = (most.perMessage.api / one.perMessage.api).toFixed(2);
  const flatMatch = (most.perMatch.worker / one.perMatch.worker).toFixed(2);
  return [
    `${run.where} ${run.people} people and ${run.rate} messages/s for each api process, for ${run.seconds} s.`,
    '',
    table(heads, lines),
    '',
    `From ${one.apis} api process to ${most.apis}: the api’s CPU per message × ${flat}, the workers’ per match × ${flatMatch} (1 is linear growth).`,
  ].join('\n');
}

/** Memory of an api that holds so many (MiB), and how many its limit lets it hold. @param {Idle} idle @param {Manifest} manifest */
export function memoryAt({ held, bytesEach, bytes }, { target, limitMiB }) {
  const empty = bytes - held * bytesEach;
  return {
    emptyMiB: empty / MiB,
    atTargetMiB: (empty + target * bytesEach) / MiB,
    room: Math.floor((limitMiB * MiB - empty) / bytesEach),
  };
}

/** @param {Run} run @param {Manifest} manifest */
export function sayIdle({ idle }, manifest) {
  if (!idle) return 'Not measured yet on a quiet machine; `npm run scale` fills this in.';
  const { target, limitMiB, requestedCores, cpuTarget } = manifest;
  const { held, microseconds, bytesEach, bytes } = idle;
  const { emptyMiB, atTargetMiB, room } = memoryAt(idle, manifest);
  const idleCores = (target * microseconds.api) / 1e6;
  const allowedCores = requestedCores * cpuTarget;
  const fits = atTargetMiB < limitMiB * 0.8 ? 'fits' : atTargetMiB < limitMiB ? 'FITS WITHOUT RESERVE' : 'DOES NOT FIT';
  const lines = [
    [
      `connections on one api, as it counts them, watched for ${idle.seconds} s`,
      held,
      target,
      `${Math.ceil(million / target)} processes`,
    ],
    ...['api', 'postgres', 'redis'].map((kind) => [
      `CPU of ${kind} per connection`,
      `${microseconds[kind].toFixed(1)} µs/s`,
      `${((target * microseconds[kind]) / 1e4).toFixed(0)} % of a core`,
      cores((million * microseconds[kind]) / 1e6),
    ]),
    [
      'memory of the api',
      `${(bytesEach / 1_024).toFixed(1)} KiB each, ${(bytes / MiB).toFixed(0)} MiB in all`,
      `${atTargetMiB.toFixed(0)} MiB of the limit of ${limitMiB} MiB`,
      `${((million * bytesEach) / MiB / 1_024).toFixed(0)} GiB and ${emptyMiB.toFixed(0)} MiB for each process`,
    ],
  ];
  return [
    idle.where,
    '',
    table(['what', 'measured', 'at the autoscaler’s target', 'a million, all idle'], lines),
    '',
    `The autoscaler’s target of ${count(target)} connections against what the pod is given: **memory ${fits}** (${atTargetMiB.toFixed(0)} of ${limitMiB} MiB; the limit is reached at ${count(room)} idle connections), **CPU ${idleCores < allowedCores ? 'fits' : 'DOES NOT FIT'}** (idle ${idleCores.toFixed(2)} of the ${allowedCores.toFixed(2)} cores at which CPU alone adds a pod). It was measured at ${held >= target ? 'the target or above' : `${count(held)}; the rest is extrapolated in proportion`}.`,
  ].join('\n');
}

/** What a match costs in each row. @param {Run} run @param {keyof ByKind} kind */
const ofMatch = ({ rows }, kind) => rows.map(({ perMatch }) => perMatch[kind]);

/** @param {Run} run @param {Manifest} manifest @param {Saturated} saturated */
function apiLines(run, { target, requestedCores, cpuTarget }, saturated) {
  const { perMessage } = widest(run);
  const processes = Math.ceil(million / target);
  const idle = run.idle ? [run.idle.microseconds.api] : run.rows.map(({ idleMicroseconds }) => idleMicroseconds);
  const talk = [(messages * saturated.api) / 1e6, (messages * perMessage.api) / 1e3];
  const meet = ofMatch(run, 'api').map((cost) => (matches * cost) / 1e3);
  const each = (values) => span(values, (value) => (value / processes).toFixed(2));
  const all = [Math.min, Math.max].map((end) => end(...talk) + end(...idle) + end(...meet));
  const [full, small] = talk.map(cores);
  return [
    ['by connections', `1,000,000 ÷ ${count(target)} (the autoscaler’s target)`, `${processes} processes`],
    [
      'by messages',
      `${count(messages)}/s × ${saturated.api} µs (saturated, every message crosses: \`bench/results.md\`) = ${full}; × ${ms(perMessage.api)} ms (the table above) = ${small}`,
      `${each(talk)} core of each of the ${processes}`,
    ],
    [
      'idle',
      `1,000,000 × ${span(idle, (value) => value.toFixed(0))} µs/s${run.idle ? '' : ' (the first table: good to a factor of three)'}`,
      `${span(idle, tenth)} cores`,
    ],
    [
      'in all',
      `messages, idle and ${count(matches)} matches/s × ${span(ofMatch(run, 'api'), ms)} ms`,
      `${each(all)} core of each; CPU alone adds a pod at ${(requestedCores * cpuTarget).toFixed(2)}`,
    ],
  ].map(([name, ...cells]) => [`api, ${name}`, ...cells]);
}

/** @param {Run} run @param {{ processes: number, workers: number }} deployment @param {Saturated} saturated */
function storeLines(run, { processes, workers }, saturated) {
  const { perMessage } = widest(run);
  const scripts = million / crowd.renewal;
  const [full, small] = [(messages * saturated.postgres) / 1e6, (messages * perMessage.postgres) / 1e3].map(cores);
  const presence = run.idle
    ? [`1,000,000 × ${run.idle.microseconds.redis.toFixed(1)} µs/s, measured`, cores(run.idle.microseconds.redis)]
    : [
        `1,000,000 ÷ ${crowd.renewal} s = ${count(scripts)} scripts/s; ${count(crowd.redisScripts)}/s for each is assumed`,
        `${Math.ceil(scripts / crowd.redisScripts) * 2} primaries at half load`,
      ];
  return [
    ['Redis, presence', ...presence],
    [
      'Redis, hints',
      `${count(messages)}/s × ${ms(perMessage.redis)} ms`,
      `${cores((messages * perMessage.redis) / 1e3)} of the same cluster`,
    ],
    [
      'Postgres, messages',
      `${count(messages)}/s × ${saturated.postgres} µs (saturated batches: \`bench/results.md\`) = ${full}; × ${ms(perMessage.postgres)} ms (small batches) = ${small}`,
      'the first thing that one machine cannot do with certainty',
    ],
    [
      'Postgres, matches',
      `${count(matches)}/s × ${span(ofMatch(run, 'postgres'), ms)} ms`,
      cores((matches * Math.max(...ofMatch(run, 'postgres'))) / 1e3),
    ],
    [
      'Postgres, connections',
      `(${processes} + ${workers}) × ${crowd.poolSize}`,
      `${count((processes + workers) * crowd.poolSize)}: a pooler, or fewer for each process; not tried`,
    ],
  ];
}

/** @param {Run} run @param {Manifest} manifest @param {Saturated} saturated */
export function sayMillion(run, manifest, saturated) {
  const processes = Math.ceil(million / manifest.target);
  const busy = (matches * Math.max(...ofMatch(run, 'worker'))) / 1e3;
  const workers = Math.max(2, Math.ceil(busy / 0.5));
  const lines = [
    ...apiLines(run, manifest, saturated),
    [
      'workers',
      `${count(matches)} matches/s × ${span(ofMatch(run, 'worker'), ms)} ms`,
      `${cores(busy)}: ${workers} workers at half load, the shards spread over them`,
    ],
    ...storeLines(run, { processes, workers }, saturated),
  ];
  return [
    `Assumptions: ${count(crowd.talking)} of them talk, each says something every ${crowd.secondsBetweenMessages} s (${count(messages)} messages/s, ${count(messages / processes)} on each api process); a conversation lasts ${crowd.secondsOfConversation / 60} minutes (${count(matches)} matches/s); a connection lasts ${crowd.secondsOfConnection / 60} minutes (${count(million / crowd.secondsOfConnection)} connections/s).`,
    '',
    table(['what', 'arithmetic', 'needs'], lines),
  ].join('\n');
}
