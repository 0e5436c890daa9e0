/** The connection for commands (`request` profile). */
export const REDIS = Symbol('REDIS');

/** The connection that listens to this process's channel; no other command goes over it. */
export const REDIS_SUBSCRIBER = Symbol('REDIS_SUBSCRIBER');
