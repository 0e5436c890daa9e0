import type { Bot } from './bot.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { Random } from './random.js';

/** The index of an api process on which somebody talks: what strikes another one tests little. */
export function processOfATalker({ target }: FaultDeployment, bots: Bot[], random: Random): number {
  const talking = bots.filter((bot) => bot.line.isReady && bot.current);
  return target.urls.indexOf(random.pick(talking.length > 0 ? talking : bots).line.url);
}
