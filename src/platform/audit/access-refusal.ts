import type { ErrorCode } from '../../contracts/error-codes.js';
import type { AuditEntry } from './audit.js';

/** What is not there and what is somebody else's look alike to whoever asks; the trail counts both. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['NOT_FOUND', 'FORBIDDEN']);

/** The entry for an answer of `code` to somebody signed in; `door` is an event or a route's pattern, never what was asked for. */
export function accessRefusal(code: ErrorCode, door: string): AuditEntry | undefined {
  return REFUSALS.has(code) ? { event: 'access.refuse', target: door, result: 'refused', reason: code } : undefined;
}
