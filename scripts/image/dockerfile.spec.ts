import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentOf, folderOf, readDockerfile } from './dockerfile.mjs';

describe("the project's Dockerfile", () => {
  const text = readFileSync('Dockerfile', 'utf8');
  const stages = readDockerfile(text);

  it('is read whole: one step or setting for every line', () => {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const told = stages.map(
      ({ steps, user, entrypoint, command, ports }) =>
        1 + steps.length + Number(user !== undefined) + [entrypoint, command, ports].filter((l) => l.length > 0).length,
    );
    const stopSignals = lines.filter((line) => line.startsWith('STOPSIGNAL')).length;
    expect(told.reduce((a, b) => a + b) + stopSignals).toBe(lines.length);
  });

  it('says what runs, as whom and where', () => {
    const image = stages.at(-1)!;
    expect(image).toMatchObject({ user: '1000:1000', command: ['api'], ports: ['3000', '9464'] });
    expect(environmentOf(image)['NODE_ENV']).toBe('production');
    expect(folderOf(image)).toBe('/app');
  });
});

describe('a Dockerfile', () => {
  it('gives its stages in order, with continued lines as one', () => {
    expect(readDockerfile('FROM a AS one\nRUN x \\\n  # why\n  && y\n\nFROM one\nCOPY --from=one /p /q ./r/')).toEqual([
      expect.objectContaining({ from: 'a', name: 'one', steps: [{ name: 'RUN', command: 'x    && y' }] }),
      expect.objectContaining({
        from: 'one',
        steps: [{ name: 'COPY', from: 'one', sources: ['/p', '/q'], target: './r/' }],
      }),
    ]);
  });

  it.each([
    '',
    'RUN x',
    'FROM a\nADD b c',
    'FROM a\nRUN ["x"]',
    'FROM a\nRUN --mount=type=cache x',
    'FROM a\nCOPY --chown=1 b c',
    'FROM a\nCOPY b',
    'FROM a\nCOPY --from=later /b c\nFROM b AS later',
    'FROM a AS one\nCOPY --from=one /b c',
    'FROM a\nWORKDIR b',
    'FROM a\nENV b="c d"',
    'FROM a\nENV b=$c',
    'FROM a\nCMD node x',
    'FROM a\nCMD [1]',
    'FROM a\nHEALTHCHECK NONE',
    'FROM a\nconstructor x',
  ])('that says more than is read is refused: %j', (text) => {
    expect(() => readDockerfile(text)).toThrow();
  });

  it('loses no instruction, whatever stands between them', () => {
    const noise = fc.constantFrom('', '# RUN no', '   ', '  # COPY a b');
    const line = fc.constantFrom('RUN x', 'WORKDIR /w', 'ENV A=b', 'COPY a b');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(noise), line)), (parts) => {
        const text = ['FROM a', ...parts.flatMap(([between, said]) => [...between, said])].join('\n');
        expect(readDockerfile(text)[0]?.steps.map(({ name }) => name)).toEqual(
          parts.map(([, said]) => said.split(' ')[0]),
        );
      }),
    );
  });
});
