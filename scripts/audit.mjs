// Asks the registry whether a package that production runs has a published hole of severity high or critical.
import { execFile } from 'node:child_process';
import { root } from './project.mjs';

/** Longest wait for the registry (ms). */
const patience = 60_000;
const grave = new Set(['high', 'critical']);

/** What npm prints, whatever it exits with. */
const npmAudit = (env) =>
  new Promise((resolve) => {
    const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0'];
    const options = { cwd: root, env, timeout: patience, maxBuffer: 64 * 1_024 * 1_024 };
    execFile('npm', args, options, (error, stdout) => resolve(stdout || (error?.message ?? 'npm said nothing')));
  });

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

/**
 * @param {NodeJS.ProcessEnv} [env] npm's own settings
 * @returns {Promise<{ asked: boolean, reason?: string, findings: string[] }>} not asked: the registry did not answer, and why
 */
export async function audit(env = process.env) {
  const report = parse(await npmAudit(env));
  if (!report.vulnerabilities)
    return { asked: false, reason: String(report.message ?? report.error?.summary).split('\n')[0], findings: [] };
  const findings = Object.values(report.vulnerabilities).filter(({ severity }) => grave.has(severity));
  return { asked: true, findings: findings.map(({ name, severity, range }) => `${name} ${range}: ${severity}`) };
}
