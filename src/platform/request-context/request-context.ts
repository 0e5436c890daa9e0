import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line, audit row and job of one piece of work shares. */
export interface RequestContext {
  /** Made by the server, one per HTTP request, socket event or job; a job keeps that of the request that caused it. */
  readonly requestId: string;
  /** One per socket. */
  readonly connectionId?: string;
  /** What the client called the request, if it did and the name is harmless. */
  readonly clientRequestId?: string;
  /** Keyed digest of the client's address; never the address. */
  ipHash?: string;
  userId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that everything it awaits sees `context`. */
export const runInContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

/** The context of the work that runs now; undefined in timers and at start. */
export const currentContext = (): RequestContext | undefined => storage.getStore();
