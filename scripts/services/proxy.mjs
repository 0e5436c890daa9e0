// The proxy of a deployment on this machine: HAProxy with the rules of deploy/haproxy/haproxy.cfg, without TLS and on given ports.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../project.mjs';
import { Failure } from '../processes.mjs';
import { onPath } from '../path.mjs';
import { debianPackage } from './debian.mjs';
import { startServer } from './server.mjs';

const debianHaproxy = { name: 'haproxy', parts: ['haproxy'], wayOut: 'install haproxy 2.6 or newer' };

async function haproxy() {
  const installed = onPath('haproxy');
  if (installed) return { program: installed, env: {} };
  const { folder, env } = await debianPackage(debianHaproxy);
  return { program: join(folder, 'usr/sbin/haproxy'), env };
}

/** What differs between a deployment and one machine: each line is there once, or the rules have moved on without this list. */
const changes = ({ port, servers, perAddress }) => [
  [/maxconn 50000/, 'maxconn 9000'],
  [/^ {2}ssl-default-bind-options .*$/m, ''],
  [/^resolvers names\n(?: {2}.*\n)+/m, ''],
  [/bind :80$/m, `bind 127.0.0.1:${port}`],
  [/^ {2}bind :443 .*$/m, ''],
  [/^ {2}http-request redirect scheme https .*$/m, ''],
  [/sc0_conn_cur gt 200/, `sc0_conn_cur gt ${perAddress}`],
  [/^ {2}server-template .*$/m, servers.map((server, i) => `  server api${i + 1} 127.0.0.1:${server}`).join('\n')],
];

function configuration(here) {
  const given = readFileSync(join(root, 'deploy/haproxy/haproxy.cfg'), 'utf8');
  return changes(here).reduce((text, [line, instead]) => {
    if (text.split(line).length !== 2) throw new Failure(`deploy/haproxy/haproxy.cfg has not one line like ${line}`);
    return text.replace(line, instead);
  }, given);
}

/**
 * Starts the proxy in front of api processes on this machine; those that do not answer get nobody, and may come later.
 * @param {readonly number[]} servers their ports
 * @param {{ port?: number, perAddress?: number }} [options] port: where browsers come; default any free one. perAddress: connections
 *   of one address, where a load comes from one; default what is shipped
 * @returns {Promise<{ url: string, stop: () => Promise<void>, exited: Promise<number> }>}
 */
export async function startProxy(servers, { port: wanted, perAddress = 200 } = {}) {
  const { program, env } = await haproxy();
  const folder = mkdtempSync(join(tmpdir(), 'stoa-proxy-'));
  const config = join(folder, 'haproxy.cfg');
  const { port, ...handle } = await startServer({
    name: 'HAProxy',
    log: join(folder, 'log'),
    ready: /Loading success/,
    command: (free) => {
      writeFileSync(config, configuration({ port: wanted ?? free, servers, perAddress }));
      return [program, ['-W', '-f', config]];
    },
    // Any milder signal: its master waits for all its children, and our keeper, which waits for the master, is one of them.
    options: { cwd: folder, env: { ...process.env, ...env }, remove: folder, stopSignal: 'KILL' },
  });
  return { url: `http://127.0.0.1:${wanted ?? port}`, ...handle };
}
