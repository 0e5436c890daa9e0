// Thousands of connections that say nothing, on one api process: what each costs.
import { WebSocket } from 'ws';
import { Failure, pause } from '../processes.mjs';
import { Bot } from './bot.mjs';
import { costOf, each, none, perSecond } from './load.mjs';

/** After the last one has come, the young heap and the timers need this long to be those of a process that has stood for a while (ms). */
const warmUpMs = 30_000;

/** The Socket.IO wire by hand: the bots must leave the machine to the process that is measured. */
function hold(url, origin, { cookie, csrfToken }) {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    headers: { origin, cookie },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Failure('a connection that was to be held was closed')));
    socket.on('message', (data) => {
      const frame = /** @type {Buffer} */ (data).toString();
      if (frame === '2') socket.send('3');
      else if (frame.startsWith('0')) socket.send(`40${JSON.stringify({ csrfToken })}`);
      else if (frame.startsWith('44')) reject(new Failure(frame));
      else if (frame.startsWith('42["session:ready"')) resolve(socket);
    });
  });
}

/**
 * @param {{ url: string, origin: string, meters: object, held: number, seconds: number }} run `seconds`: how long both the empty and the full process are watched
 * @returns {Promise<{ held: number, microseconds: Record<string, number>, bytesEach: number, bytes: number }>}
 *   `held` as the process counts them, CPU per connection by kind (µs/s), memory per connection and of the whole process
 */
export async function holdIdle({ url, origin, meters, held, seconds }) {
  const bots = Array.from({ length: held }, () => new Bot(url, origin));
  await each(bots, 20, (bot) => bot.enrol());
  await pause(warmUpMs);
  const empty = await costOf(meters, none, () => pause(seconds * 1_000));
  const before = await meters.memory();
  const sockets = await each(bots, 50, (bot) => hold(url, origin, bot.credentials));
  await pause(warmUpMs);
  const full = await costOf(meters, perSecond(empty), () => pause(seconds * 1_000));
  const [bytes, counted] = [await meters.memory(), await meters.connections()];
  for (const socket of sockets) socket.terminate();
  const microseconds = Object.fromEntries(
    Object.entries(perSecond(full)).map(([kind, used]) => [kind, (used / counted) * 1e6]),
  );
  return { held: counted, microseconds, bytesEach: (bytes - before) / counted, bytes };
}
