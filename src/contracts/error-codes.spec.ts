import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from './error-codes.js';

// The closed list that clients read, and the one that the server answers by.

const [, section = ''] = /^## 5\. Codes.*?$(.*?)^## 6\./ms.exec(readFileSync('docs/protocol.md', 'utf8')) ?? [];
const [list = ''] = /^[^.]+\./.exec(section) ?? [];
const [ofHttp = '', ofSockets = ''] = list.split('and on sockets also');
const codesOf = (text: string): string[] => [...text.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, code = '']) => code);

describe('the codes of docs/protocol.md, section 5', () => {
  it('are those of the code: none is missing, none is extra, none is told twice', () => {
    expect([...codesOf(ofHttp), ...codesOf(ofSockets)].toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
    expect(codesOf(ofSockets).length).toBeGreaterThan(3);
  });

  it('have the HTTP status that is told there', () => {
    const told = [...ofHttp.matchAll(/`([A-Z_]+)`\((\d{3})\)/g)].map(([, code, status]) => [code, Number(status)]);
    const answered = codesOf(ofHttp).map((code) => [code, ERROR_CODES[code as keyof typeof ERROR_CODES]?.status]);
    expect(told).toEqual(answered);
  });

  it('are retryable where the text says so', () => {
    const [sentence = ''] = /^.*are retryable/m.exec(section) ?? [];
    const said = codesOf(sentence.split('`NOT_FOUND`.').at(-1) ?? '');
    const retryable = Object.entries(ERROR_CODES).filter(([, facts]) => facts.retryable);
    expect(said.toSorted()).toEqual(retryable.map(([code]) => code).toSorted());
  });

  it('are all that the text explains', () => {
    expect(codesOf(section).filter((code) => !(code in ERROR_CODES))).toEqual([]);
  });
});
