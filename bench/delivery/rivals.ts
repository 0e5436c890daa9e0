import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/services/server.mjs';
import { colyseusConnect } from './colyseus-talker.js';
import { connectMqtt } from './mqtt-talker.js';
import { FOLDER, launch, plainPairs, stopAll } from './servers.js';
import type { Contender } from './servers.js';

// Servers of others that are compared where they install. Neither acknowledges after a write.

/** This one can't be measured here; the message says why. */
export class LeftOut extends Error {}

/** Not dependencies of the project: fetched for the run, outside of it. */
const COLYSEUS = ['@colyseus/core@0.18.16', '@colyseus/ws-transport@0.18.3', '@colyseus/sdk@0.18.4'];

/** @throws LeftOut where its packages do not install */
export async function startColyseus(): Promise<Contender> {
  const name = 'Colyseus 0.18, a room of two';
  const folder = resolve(FOLDER, 'colyseus');
  if (!existsSync(`${folder}/node_modules/@colyseus/sdk`)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, '{"private":true}');
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...COLYSEUS], {
      cwd: folder,
      timeout: 120_000,
    }).catch(() => {
      throw new LeftOut(`${name}: its packages do not install here`);
    });
  }
  const port = await freePort();
  const server = await launch(name, ['bench/delivery/colyseus-server.mjs', `${port}`, folder], {}, port);
  return {
    name,
    processes: [server],
    // Both ask for the same room.
    pairs: async (count) =>
      plainPairs([`http://127.0.0.1:${port}`], count).map(([one, other]) => [
        one,
        { ...other, conversationId: one.conversationId },
      ]),
    connect: colyseusConnect(folder),
    leastDelivered: 1,
    stop: stopAll([server]),
  };
}

const MOSQUITTO = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];

/** @throws LeftOut where it is not installed (Debian: `apt-get install mosquitto`) */
export async function startMosquitto(): Promise<Contender> {
  const name = 'mosquitto, QoS 1 in and 0 out';
  const binary = MOSQUITTO.find((path) => existsSync(path));
  if (!binary) throw new LeftOut(`${name}: not installed`);
  const port = await freePort();
  mkdirSync(FOLDER, { recursive: true });
  const settings = `${FOLDER}/mosquitto.conf`;
  // As it comes waits for more to send (Nagle's algorithm), which is 40 ms for each message; nothing is kept on disk.
  writeFileSync(settings, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_dest none\n`);
  const server = spawn(binary, ['-c', settings], { stdio: 'ignore' });
  for (let i = 0; !(await listens(port)); i += 1) {
    if (i === 50 || server.exitCode !== null) throw new LeftOut(`${name}: it does not start`);
    await sleep(100);
  }
  return {
    name,
    processes: [server],
    pairs: async (count) => plainPairs([`tcp://127.0.0.1:${port}`], count),
    connect: connectMqtt,
    leastDelivered: 1,
    stop: stopAll([server]),
  };
}

const listens = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true));
    socket.once('error', () => done(false)).once('connect', () => socket.destroy());
  });
