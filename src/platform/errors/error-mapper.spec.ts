import { NotFoundException } from '@nestjs/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../contracts/error-codes.js';
import type { ErrorCode } from '../../contracts/error-codes.js';
import { toProblem, toSocketError, toStoaError } from './error-mapper.js';
import { InputInvalid, StoaError } from './stoa-error.js';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

describe('toStoaError', () => {
  it.each([
    ['a refused connection', coded('ECONNREFUSED'), 'UNAVAILABLE'],
    ['Postgres shutting down', coded('57P01'), 'UNAVAILABLE'],
    ['a full disk', coded('53100'), 'UNAVAILABLE'],
    ['a deadlock', coded('40P01'), 'UNAVAILABLE'],
    ['a statement time-out', coded('57014'), 'UNAVAILABLE'],
    ['Postgres silent', new Error('Query read timeout'), 'UNAVAILABLE'],
    ['a transaction that failed before', coded('25P02'), 'UNAVAILABLE'],
    ['a transaction that was idle for too long', coded('25P03'), 'UNAVAILABLE'],
    ['a read-only replica', coded('25006'), 'UNAVAILABLE'],
    ['Postgres that does not know our password yet', coded('28P01'), 'UNAVAILABLE'],
    ['Postgres without our database', coded('3D000'), 'UNAVAILABLE'],
    ['no descriptor left for a connection', coded('EMFILE'), 'UNAVAILABLE'],
    ['no port left for a connection', coded('EADDRNOTAVAIL'), 'UNAVAILABLE'],
    ['Redis out of memory', new Error('OOM command not allowed'), 'UNAVAILABLE'],
    ['Redis gone', new Error('Connection is closed.'), 'UNAVAILABLE'],
    [
      'Redis not connected yet',
      new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      'UNAVAILABLE',
    ],
    ['Redis too slow', new Error('Command timed out'), 'UNAVAILABLE'],
    ['a cause that passes', new Error('wrapped', { cause: coded('ECONNRESET') }), 'UNAVAILABLE'],
    ['several refused addresses', new AggregateError([coded('ECONNREFUSED')]), 'UNAVAILABLE'],
    ['a broken constraint', coded('23505'), 'INTERNAL'],
    ['a programming error', new TypeError('x is not a function'), 'INTERNAL'],
    ['a route that does not exist', new NotFoundException(), 'NOT_FOUND'],
    ['anything', 'just a text', 'INTERNAL'],
  ])('maps %s', (_, error, code) => {
    expect(toStoaError(error).code).toBe(code);
  });

  it('says nothing of the cause', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (secret) => {
        const error = toStoaError(new Error(secret));
        const told = JSON.stringify([toProblem(error, 'id'), toSocketError(error, 'id')]);
        expect(told).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });

  it('gives every code the same facts on HTTP and sockets', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const error = new StoaError(code, { retryAfterMs: 1.2 });
      expect(toProblem(error, 'r')).toMatchObject({
        code,
        status: ERROR_CODES[code].status,
        requestId: 'r',
        retryAfterMs: 2,
      });
      expect(toSocketError(error, 'r')).toMatchObject({ code, retryable: ERROR_CODES[code].retryable, requestId: 'r' });
    }
  });

  it('names refused fields', () => {
    const errors = [{ field: 'text', code: 'length' as const }];
    expect(toProblem(new InputInvalid(errors), 'r').errors).toEqual(errors);
  });
});
