import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonSchema } from '../../src/platform/validation/dto-schema.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';
import type { Meeting } from '../support/person.js';
import { faultsIn } from '../support/process-facts.js';

// Attack suite, row 29: NUL in every text that the generated contract knows, one at a time. Postgres fails on any that it is given.

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: { $ref: string } }> };
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}
const read = (name: string): unknown => JSON.parse(readFileSync(`docs/generated/${name}`, 'utf8'));
const api = read('openapi.json') as OpenApi;
const { clientToServer: events } = read('events.json') as { clientToServer: Record<string, JsonSchema> };

/** What fits the schema, with every optional field. */
function sampleOf(schema: JsonSchema): unknown {
  const { anyOf, const: only, enum: choices } = schema as { anyOf?: JsonSchema[]; const?: unknown; enum?: unknown[] };
  if (anyOf?.[0]) return sampleOf(anyOf[0]);
  if (only !== undefined) return only;
  if (choices) return choices[0];
  if (schema.type === 'object')
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, field]) => [name, sampleOf(field)]));
  if (schema.type === 'array') return [sampleOf(schema.items ?? {})];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer') return 1;
  return schema.pattern ? randomUUID() : 'x'.repeat(Math.max(1, Number(schema['minLength'] ?? 1)));
}

/** The value once for each text in it, and twice over, in which that one holds NUL. */
function poisoned(value: unknown, path = ''): { path: string; value: unknown }[] {
  if (typeof value === 'string')
    return [`${value}\u0000`, 'a\u0000b@example.com'].map((text) => ({ path, value: text }));
  if (Array.isArray(value)) return poisoned(value[0], `${path}[]`).map((inner) => ({ ...inner, value: [inner.value] }));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    poisoned(inner, `${path}.${name}`).map((one) => ({ path: one.path, value: { ...value, [name]: one.value } })),
  );
}

let deployment: Deployment;
let talk: Meeting;

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
});
afterAll(() => deployment?.stop());
beforeEach(async () => {
  talk = await meet([deployment.apis[0]?.url ?? '']);
});
afterEach(() => {
  for (const person of [talk.ada, talk.bob]) person.disconnect();
});

const noFaults = () => {
  for (const member of [...deployment.apis, ...deployment.workers]) expect(faultsIn(member)).toEqual([]);
};

describe('#29 NUL in every text of the contract makes nothing fail', () => {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path: path.replace('/api/v1', ''), method, operation })),
  );
  const bodyOf = ({ requestBody }: Operation): JsonSchema | undefined => {
    const name = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1);
    return name === undefined ? undefined : api.components.schemas[name];
  };

  it('of HTTP: bodies and paths', async () => {
    const asked = new Set<string>();
    const ask = async (method: string, path: string, field: string, body?: unknown): Promise<void> => {
      // Who becomes a guest is no longer who they were: a visitor of their own, each time.
      const person = path === '/guests' ? new Person(talk.ada.url) : talk.ada;
      if (person !== talk.ada) await person.http('GET', '/csrf');
      const { status, text } = await person.http(method.toUpperCase(), path, body);
      expect([method, path, field, status < 500, text]).toEqual([method, path, field, true, text]);
      // It got as far as to what reads the body.
      expect(text).not.toMatch(/UNAUTHENTICATED|CSRF_INVALID|ORIGIN_FORBIDDEN|RATE_LIMITED/);
      asked.add(`${method} ${path} ${field}`);
    };
    for (const { path, method, operation } of operations) {
      const own = path.replace('{id}', talk.adas);
      const schema = bodyOf(operation);
      const bodies = schema ? poisoned(sampleOf(schema)) : [];
      await Promise.all(bodies.map(({ path: field, value }) => ask(method, own, field, value)));
      if (path.includes('{')) await ask(method, path.replace(/\{\w+\}/, 'nul%00'), 'path', schema && sampleOf(schema));
    }
    await ask('get', `/conversations/${talk.adas}/messages?after=%00`, 'query');
    const fields = [...asked].map((one) => one.replace(talk.adas, ':id'));
    expect(fields).toEqual(
      expect.arrayContaining([
        'post /sessions .email',
        'post /sessions .password',
        'post /conversations/:id/reports .reason',
        'post /conversations/:id/reports .note',
        'post /guests .interests[]',
        'patch /me .nickname',
        'delete /blocks/nul%00 path',
      ]),
    );
    noFaults();
  });

  it('of events', async () => {
    const eve = await Person.guest(talk.ada.url);
    await eve.connect();
    let tried = 0;
    for (const [event, schema] of Object.entries(events))
      for (const { path, value } of poisoned({ ...(sampleOf(schema) as object) })) {
        const own = path === '.conversationId' ? value : { ...(value as object), conversationId: talk.adas };
        const payload = 'conversationId' in (schema.properties ?? {}) ? own : value;
        for (const person of [talk.ada, eve]) {
          const answer = await person.try(event, payload);
          expect([event, path, answer.ok ? '' : answer.error.code]).not.toEqual([event, path, 'INTERNAL']);
          tried += 1;
        }
      }
    eve.disconnect();
    expect(tried).toBeGreaterThan(30);
    noFaults();
  });
});
