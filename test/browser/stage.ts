import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { startProxy } from '../../scripts/services/proxy.mjs';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';

/** A browser trusts it as it trusts https. Behind it, whatever the port, is the one api process, or the proxy. */
const ORIGIN = 'http://localhost';

const flags = (url: string): string[] => [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--host-resolver-rules=MAP localhost ${new URL(url).host}`,
];

/** A whole Stoa (api and worker, on stores of their own) and a Chromium to visit it with. */
export interface Stage {
  readonly origin: string;
  readonly browser: Browser;
  readonly api: Member;
  readonly databaseUrl: string;
  /** Where its mails are written to. */
  readonly mailFolder: string;
  close(): Promise<void>;
}

const launch = (url: string): Promise<Browser> =>
  chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium', args: flags(url) });

/** `env` goes on top of the test deployment's own. */
export const openStage = async (env: Record<string, string> = {}): Promise<Stage> => {
  const deployment = await deploy({ apis: 1, env: { PUBLIC_ORIGIN: ORIGIN, ...env } });
  const [api] = deployment.apis;
  if (!api) throw new Error('a deployment without an api process');
  const browser = await launch(api.url);
  return {
    origin: ORIGIN,
    browser,
    api,
    databaseUrl: deployment.databaseUrl,
    mailFolder: deployment.mailDir,
    close: async () => {
      await browser.close();
      await deployment.stop();
    },
  };
};

/** The processes of deploy/compose.yml behind its proxy; the browser knows the proxy alone. */
export const openTopology = async (): Promise<Stage & { deployment: Deployment }> => {
  const env = { PUBLIC_ORIGIN: ORIGIN, TRUST_PROXY: '127.0.0.1', RATE_LIMITS: 'on' };
  const deployment = await deploy({ apis: 2, workers: 2, env });
  const [api] = deployment.apis;
  if (!api) throw new Error('a deployment without an api process');
  const proxy = await startProxy(deployment.apis.map((member) => Number(member.env['PORT'])));
  const browser = await launch(proxy.url);
  return {
    origin: ORIGIN,
    browser,
    api,
    deployment,
    databaseUrl: deployment.databaseUrl,
    mailFolder: deployment.mailDir,
    close: async () => {
      await browser.close();
      await proxy.stop();
      await deployment.stop();
    },
  };
};
