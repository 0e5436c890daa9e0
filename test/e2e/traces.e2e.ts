import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  service: string;
  startTimeUnixNano: string;
  links?: { traceId: string; spanId: string }[];
  attributes: { key: string; value: { stringValue: string } }[];
}
interface Delivery {
  resourceSpans: { resource: { attributes: Span['attributes'] }; scopeSpans: { spans: Span[] }[] }[];
}

/** What the processes delivered to a collector: this test. */
const spans: Span[] = [];
let collector: Server;
let deployment: Deployment;

function take({ resourceSpans }: Delivery): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    for (const { spans: some } of scopeSpans) spans.push(...some.map((span) => ({ ...span, service })));
  }
}

beforeAll(async () => {
  collector = createServer((request, response) => {
    void json(request)
      .then((delivery) => take(delivery as Delivery))
      .finally(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  deployment = await deploy({ apis: 1, workers: 1, env: { OTLP_URL: `http://127.0.0.1:${port}/v1/traces` } });
});
afterAll(async () => {
  await deployment.stop();
  collector.close();
});

/** The way from a span up to what began its trace, by name and process. */
function wayTo(span: Span): string[] {
  const parent = spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  return [...(parent ? wayTo(parent) : []), `${span.service}: ${span.name}`];
}

/** Who runs a shard; `wanted` while nobody has taken it up. */
async function runnerOf(redisUrl: string): Promise<string> {
  const redis = new Redis(redisUrl);
  const [key] = await redis.keys('stoa:{mm:*}:runner');
  const runner = key ? await redis.get(key) : null;
  redis.disconnect();
  return runner ?? '';
}

const ways = (): string[] => spans.map((span) => wayTo(span).join(' > '));

describe('traces', () => {
  it('follow a request through its job to the statements of both', async () => {
    const [api] = deployment.apis as [Deployment['apis'][0]];
    const person = new Person(api.url);
    await person.http('GET', '/csrf');
    const answer = await person.http('POST', '/registrations', {
      email: 'traced@example.org',
      password: 'a long enough passphrase',
    });
    expect(answer.status).toBe(202);
    await vi.waitFor(
      () => {
        expect(ways()).toContain('stoa-api: HTTP POST > stoa-api: SQL');
        expect(ways()).toContain('stoa-api: HTTP POST > stoa-worker: job auth request.handle > stoa-worker: SQL');
      },
      { timeout: 10_000, interval: 100 },
    );
    const job = spans.find(({ name }) => name === 'job auth request.handle');
    const id = job?.attributes.find(({ key }) => key === 'stoa.request_id')?.value.stringValue;
    expect(id).toBe(answer.headers.get('x-request-id'));
  });

  it('follow a socket event to its statement', async () => {
    const [api] = deployment.apis as [Deployment['apis'][0]];
    const { ada, adas } = await meet([api.url]);
    await ada.say(adas, 'a secret between two');
    await vi.waitFor(
      () => expect(ways()).toContainEqual(expect.stringMatching(/^stoa-api: socket message:send > stoa-api: SQL \w+$/)),
      { timeout: 10_000, interval: 100 },
    );
  });

  it('follow a search to the opening of its conversation, though the shard was running already', async () => {
    const [api] = deployment.apis as [Deployment['apis'][0]];
    const begunAt = Date.now();
    const [eve, fay] = [await Person.guest(api.url), await Person.guest(api.url)];
    for (const person of [eve, fay]) await person.connect();
    await eve.ask('search:start', {});
    // Until her shard runs: then nothing of the second click is told by a job.
    await vi.waitFor(async () => expect(await runnerOf(deployment.redisUrl)).toMatch(/^(?!wanted).+/), {
      timeout: 10_000,
      interval: 50,
    });
    await fay.ask('search:start', {});
    await fay.next('conversation:started', { ms: 15_000 });
    await vi.waitFor(
      () => {
        const since = spans.filter(({ startTimeUnixNano }) => Number(startTimeUnixNano) / 1e6 >= begunAt);
        const clicks = since.filter(({ name }) => name === 'socket search:start').map(({ traceId }) => traceId);
        const opening = since.find(({ name }) => name === 'match open');
        expect(clicks).toHaveLength(2);
        expect(new Set(opening?.links?.map(({ traceId }) => traceId))).toEqual(new Set(clicks));
        const runs = since.filter(({ name, traceId }) => name.startsWith('job matching') && clicks.includes(traceId));
        expect(new Set(runs.map(({ traceId }) => traceId)).size).toBeLessThan(2);
        expect(opening?.service).toBe('stoa-worker');
        expect(ways()).toContainEqual(expect.stringMatching(/stoa-worker: match open > stoa-worker: SQL/));
        // Whoever came first has the run of the shard in their trace.
        expect(ways()).toContain('stoa-api: socket search:start > stoa-worker: job matching shard.run');
      },
      { timeout: 10_000, interval: 100 },
    );
    for (const person of [eve, fay]) person.disconnect();
  });

  it('hold no texts, addresses or people', async () => {
    const told = JSON.stringify(spans);
    for (const secret of ['a secret between two', 'traced@example.org', 'passphrase', '127.0.0.1'])
      expect(told).not.toContain(secret);
  });
});
