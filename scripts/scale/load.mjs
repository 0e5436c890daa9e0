// What the scale run puts on a deployment, and what that costs.
import { pause } from '../processes.mjs';
import { Bot } from './bot.mjs';

const texts = ['hello there', 'how was your day, and what did you do with it?', 'yes'];

/** Runs `work` for every bot, so many at a time. */
export async function each(bots, atOnce, work) {
  const results = [];
  const queue = bots.entries();
  const lane = async () => {
    for (const [i, bot] of queue) results[i] = await work(bot);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}

const quantile = (values, q) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];

/** CPU that `work` cost, less what the deployment uses anyway (s, by kind). */
export async function costOf(meters, idle, work) {
  const [before, began] = [await meters.read(), performance.now()];
  const result = await work();
  const [after, seconds] = [await meters.read(), (performance.now() - began) / 1_000];
  const cpu = Object.fromEntries(
    Object.keys(after).map((kind) => [kind, Math.max(0, after[kind] - before[kind] - idle[kind] * seconds)]),
  );
  return { cpu, seconds, result };
}

export const none = { api: 0, worker: 0, postgres: 0, redis: 0 };
export const perSecond = ({ cpu, seconds }) =>
  Object.fromEntries(Object.entries(cpu).map(([kind, used]) => [kind, used / seconds]));

/** Everybody says something in turn, so many messages a second, for a while. @returns ms of each acknowledgement */
async function talk(bots, { rate, seconds }) {
  const began = performance.now();
  const acks = [];
  for (let said = 0; said < rate * seconds; said += 1) {
    const due = began + (said / rate) * 1_000;
    if (due > performance.now()) await pause(Math.max(1, due - performance.now()));
    acks.push(bots[said % bots.length].say(texts[said % texts.length]));
  }
  return Promise.all(acks);
}

/**
 * @param {{ url: string, origin: string, meters: object, people: number, rate: number, seconds: number }} run
 * @returns the row of the table
 */
export async function load({ url, origin, meters, people, rate, seconds }) {
  const bots = Array.from({ length: people }, () => new Bot(url, origin));
  await each(bots, 20, (bot) => bot.enrol());
  await pause(3_000);
  const empty = await costOf(meters, none, () => pause(seconds * 1_000));
  const memory = await meters.memory();
  await each(bots, 50, (bot) => bot.connect());
  await pause(3_000);
  const idle = await costOf(meters, perSecond(empty), () => pause(seconds * 1_000));
  const held = (await meters.memory()) - memory;
  const connections = await meters.connections();
  const matches = await costOf(meters, perSecond(empty), () => each(bots, people, (bot) => bot.meet()));
  await pause(2_000);
  const talking = await costOf(meters, perSecond(idle), () => talk(bots, { rate, seconds }));
  for (const bot of bots) bot.leave();
  await pause(1_000);
  const herd = await costOf(meters, perSecond(empty), () => each(bots, people, (bot) => bot.connect()));
  for (const bot of bots) bot.leave();
  return {
    connections,
    idleMicroseconds: (perSecond(idle).api / people) * 1e6,
    bytesEach: held / people,
    perMatch: inMs(matches.cpu, people / 2),
    matchMs: quantile(matches.result, 0.99),
    perMessage: inMs(talking.cpu, rate * seconds),
    ackMs: [quantile(talking.result, 0.5), quantile(talking.result, 0.99)],
    herdMs: quantile(herd.result, 1),
  };
}

const inMs = (cpu, count) =>
  Object.fromEntries(Object.entries(cpu).map(([kind, used]) => [kind, (used / count) * 1_000]));
