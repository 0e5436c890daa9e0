import { randomUUID } from 'node:crypto';

/** A fresh request id (UUIDv4, always made here: a client's own id is kept apart). */
export const newRequestId = (): string => randomUUID();
