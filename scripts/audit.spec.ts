import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { audit } from './audit.mjs';

const cache = mkdtempSync(join(tmpdir(), 'stoa-audit-'));
let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  rmSync(cache, { recursive: true, force: true });
});

/** npm's settings for a registry on this machine that answers audits like that. */
async function registryThat(answer: RequestListener): Promise<NodeJS.ProcessEnv> {
  const listening = createServer(answer).listen(0, '127.0.0.1');
  server = listening;
  await new Promise((resolve) => listening.once('listening', resolve));
  const { port } = listening.address() as AddressInfo;
  return { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_cache: cache };
}

/** A registry that knows one hole in every version of `ws`, which production runs. */
const holeInWs =
  (severity: string): RequestListener =>
  (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      const name = decodeURIComponent(request.url?.slice(1) ?? '');
      const versions = { '1.0.0': { name, version: '1.0.0', dist: {} } };
      return response.end(JSON.stringify({ name, 'dist-tags': {}, versions }));
    }
    const hole = { id: 1, url: 'urn:hole', title: 'a hole', severity, vulnerable_versions: '*', cwe: [] };
    return response.end(JSON.stringify({ ws: [hole] }));
  };

describe('the dependency audit', () => {
  it.each(['high', 'critical'])('finds a hole of severity %s in what production runs', async (severity) => {
    const { asked, findings } = await audit(await registryThat(holeInWs(severity)));
    expect(asked).toBe(true);
    expect(findings).toContain(`ws *: ${severity}`);
  });

  it('finds nothing where there is nothing grave', async () => {
    expect(await audit(await registryThat(holeInWs('moderate')))).toEqual({ asked: true, findings: [] });
  });

  it('says so when the registry answers no audits, and when there is none', async () => {
    const env = await registryThat((_, response) => response.writeHead(405).end());
    expect(await audit(env)).toMatchObject({ asked: false, reason: expect.stringContaining('405'), findings: [] });
    server?.close();
    server?.closeAllConnections();
    expect(await audit(env)).toMatchObject({ asked: false, reason: expect.any(String), findings: [] });
  });
});
