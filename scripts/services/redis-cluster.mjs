// Three Redis primaries on one machine, for tests of what must hold on a cluster too.
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, pause } from '../processes.mjs';
import { startRedisProcess } from './redis.mjs';
import { freePort } from './server.mjs';

const slotRanges = ['0 5460', '5461 10922', '10923 16383'];
const joinDeadlineMs = 20_000;

/** Sends one command in Redis's inline form and gives the raw reply. */
function ask(port, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (bytes) => {
      const reply = bytes.toString();
      socket.destroy();
      if (reply.startsWith('-')) reject(new Failure(`Redis refused ${command}: ${reply}`.trim()));
      else resolve(reply);
    });
  });
}

async function startNode() {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-redis-'));
  const bus = await freePort();
  const settings = ['cluster-enabled yes', `cluster-port ${bus}`, 'cluster-node-timeout 2000'];
  return { bus, ...(await startRedisProcess(folder, settings, folder)) };
}

async function form(nodes) {
  for (const [index, range] of slotRanges.entries()) await ask(nodes[index].port, `CLUSTER ADDSLOTSRANGE ${range}`);
  for (const [index, { port }] of nodes.entries()) await ask(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
  for (const { port, bus } of nodes.slice(1)) await ask(nodes[0].port, `CLUSTER MEET 127.0.0.1 ${port} ${bus}`);
  const knowsAll = async ({ port }) => {
    const info = await ask(port, 'CLUSTER INFO');
    return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
  };
  for (const begun = Date.now(); !(await Promise.all(nodes.map(knowsAll))).every(Boolean); await pause(50))
    if (Date.now() - begun > joinDeadlineMs) throw new Failure('the three Redis nodes do not form a cluster');
}

/**
 * Starts a throw-away cluster.
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} `url`: the three nodes, with commas between
 */
export async function startRedisCluster() {
  const nodes = [await startNode(), await startNode(), await startNode()];
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    await form(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(','), stop };
}
