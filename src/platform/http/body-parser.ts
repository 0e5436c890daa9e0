import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { InputInvalid, StoaError } from '../errors/stoa-error.js';
import { hasDuplicateKeys } from './duplicate-keys.js';

/** bytes */
const MAX_BODY = 16 * 1_024;
const MAX_DEPTH = 8;
/** Of all objects in the body together; what a list may hold, its field says. */
const MAX_KEYS = 50;
const POISON = new Set(['__proto__', 'constructor', 'prototype']);

/** What stands for bytes that are no UTF-8: the decoder would replace them. No JSON begins so. */
const NO_TEXT = '\uFEFF';

interface JsonRequest extends IncomingMessage {
  jsonText?: string;
}

/** Parses JSON bodies strictly: small, uncompressed, shallow, of the right type, without keys that reach into prototypes. */
export function strictJson(): RequestHandler[] {
  const verify = (request: JsonRequest, _: unknown, bytes: Buffer): void => {
    request.jsonText = isUtf8(bytes) ? bytes.toString() : NO_TEXT;
  };
  // A single value is JSON, too: the contract of the request says that it is not what is asked for.
  const parse = express.json({ limit: MAX_BODY, inflate: false, strict: false, type: () => true, verify });
  return [
    requireJson,
    (request, response, next) => parse(request, response, (error) => next(mapParseError(error))),
    checkShape,
  ];
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function requireJson(request: Request, _: Response, next: NextFunction): void {
  if (!hasBody(request)) return next();
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const encoded = (request.headers['content-encoding'] ?? 'identity') !== 'identity';
  const saysUtf8 = parameters.every((parameter) => /^\s*(charset="?utf-8"?)?\s*$/.test(parameter));
  next(
    type.trim() === 'application/json' && saysUtf8 && !encoded ? undefined : new StoaError('MEDIA_TYPE_UNSUPPORTED'),
  );
}

export function mapParseError(error: unknown): unknown {
  const { status } = (error ?? {}) as { status?: number };
  if (status === 413) return new StoaError('BODY_TOO_LARGE');
  if (status === 415) return new StoaError('MEDIA_TYPE_UNSUPPORTED');
  return status === 400 ? new StoaError('JSON_INVALID') : error;
}

function checkShape(request: Request & JsonRequest, _: Response, next: NextFunction): void {
  const { jsonText = '', body } = request;
  delete request.jsonText;
  // A byte order mark is no JSON (RFC 8259, 8.1), though the decoder drops it.
  if (jsonText.startsWith('\uFEFF') || hasDuplicateKeys(jsonText)) return next(new StoaError('JSON_INVALID'));
  const fault = body === undefined ? undefined : shapeFault(body, 1, { keys: 0 });
  next(fault);
}

function shapeFault(value: unknown, depth: number, seen: { keys: number }): StoaError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) return new StoaError('JSON_INVALID');
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) seen.keys += 1;
    if (seen.keys > MAX_KEYS || POISON.has(key)) return new InputInvalid([{ field: '', code: 'unknown' }]);
    const fault = shapeFault(inner, depth + 1, seen);
    if (fault) return fault;
  }
  return undefined;
}
