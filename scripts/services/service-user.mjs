// Postgres refuses to run as root, and no server needs root's rights.
import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync } from 'node:fs';
import { Failure } from '../processes.mjs';

function unprivilegedAccount() {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const entry = accounts.find((account) => account[0] === name);
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new Failure('running as root, and there is no account "postgres" or "nobody" to run the database as');
}

/**
 * How to run a server: as ourselves, or as root with an unprivileged account that owns `folder`.
 * Below a closed home that account could reach neither program nor data; there it may pass (and only there).
 * @param {string} program path of the server's program
 * @param {string} folder its data
 * @returns {{ prefix: string[], account: { uid?: number, gid?: number } }} what to put before the command, and whom to spawn it as
 */
export function unprivileged(program, folder) {
  if (process.getuid?.() !== 0) return { prefix: [], account: {} };
  const account = unprivilegedAccount();
  chownSync(folder, account.uid, account.gid);
  const reaches = spawnSync('sh', ['-c', 'test -x "$0" && test -w "$1"', program, folder], account).status === 0;
  if (reaches) return { prefix: [], account };
  const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  const pass = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup'];
  return { prefix: ['setpriv', ...ids, ...pass], account: {} };
}
