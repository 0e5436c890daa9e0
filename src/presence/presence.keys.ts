/** HASH {generation, process, connection}: the user's live connection. TTL: `LEASE_MS`, renewed every `HEARTBEAT_MS`. */
export const connectionKey = (userId: string): string => `stoa:{presence:${userId}}:connection`;

/** How long a connection counts as live after its process's last sign (ms). */
export const LEASE_MS = 15_000;

/** ms between two signs */
export const HEARTBEAT_MS = 5_000;
