import type { MatchingPolicyConfig } from './matching-policy.js';

/** One key of the ring that signs CSRF tokens and keys digests. */
export interface SecretKey {
  /** Short name that travels with what the key signed. */
  kid: string;
  secret: Buffer;
}

// Each class below is a slice of the tree and its own injection token: inject the slice you need.

export class RuntimeConfig {
  readonly environment!: 'development' | 'test' | 'production';
  readonly logLevel!: string;
  /** Rate limits act. */
  readonly rateLimits!: boolean;
  /** Undefined: no traces. */
  readonly tracesUrl?: string;
}

export class HttpConfig {
  readonly port!: number;
  /** Scheme, host and port that browsers see: `https://chat.example`. */
  readonly publicOrigin!: string;
  /** True when the public origin is https: cookies are `__Host-` and Secure. */
  readonly secure!: boolean;
  /** Lower-case host names that are served, without port. */
  readonly allowedHosts!: readonly string[];
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustProxy!: readonly string[];
  /** Undefined: no metrics port. 0: any free one. */
  readonly metricsPort?: number;
}

export class StaffConfig {
  /** Undefined: no queue dashboard. */
  readonly password?: string;
}

export class DatabaseConfig {
  readonly url!: string;
  readonly migrationUrl!: string;
}

export class RedisConfig {
  /** One URL, or several nodes of one cluster. */
  readonly urls!: readonly string[];
}

export class SessionConfig {
  /** ms without use */
  readonly memberIdleMs!: number;
  /** ms without use */
  readonly guestIdleMs!: number;
  /** ms from creation */
  readonly maxAgeMs!: number;
  /** The first signs; all verify. */
  readonly keys!: readonly SecretKey[];
}

export class ConversationConfig {
  /** ms that a lost partner may take to return */
  readonly reconnectGraceMs!: number;
  /** ms of silence that end a conversation */
  readonly idleMs!: number;
  /** ms from the end to the deletion of the messages */
  readonly messageRetentionMs!: number;
  /** ms from the end to the deletion of who met whom: as long as that keeps them apart or can be rated, and no shorter than what was said */
  readonly factsRetentionMs!: number;
}

export class MatchingConfig {
  /** ms for which a pair that met is not paired again; 0: never avoided */
  readonly rematchAvoidMs!: number;
  /** ms after its end in which a conversation can be rated */
  readonly ratedWithinMs!: number;
  /** The shipped policy, or what MATCHING_POLICY makes of it. */
  readonly policy!: MatchingPolicyConfig;
}

export class MailConfig {
  /** Undefined: mails are files in `dir`. */
  readonly smtpUrl?: string;
  readonly dir!: string;
  readonly from!: string;
}

/** The whole tree, as `readConfig` returns it. */
export interface StoaConfig {
  runtime: RuntimeConfig;
  http: HttpConfig;
  staff: StaffConfig;
  database: DatabaseConfig;
  redis: RedisConfig;
  session: SessionConfig;
  conversation: ConversationConfig;
  matching: MatchingConfig;
  mail: MailConfig;
}
