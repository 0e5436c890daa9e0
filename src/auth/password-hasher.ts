import { randomBytes, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { BoundedSemaphore } from '../platform/concurrency/bounded-semaphore.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { HashThreads } from './hash-threads.js';
import { normalisePassword } from './password-rules.js';

/** OWASP Password Storage: memory (KiB), passes, lanes. About 35 ms of one core. */
const CURRENT = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Callers that wait for a hash; on one thread, which rests after each, it takes them about three seconds. */
const MAX_WAITING = 32;
/** Well before our HTTP server hangs up on a request that nothing answers (ms). */
const MAX_WAIT_MS = 12_000;

const SHAPE = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

interface StoredHash {
  memory: number;
  passes: number;
  parallelism: number;
  salt: Buffer;
  hash: Buffer;
}

/**
 * Argon2id by Node's own crypto, on threads of low priority that rest more than they work, a few at a time and one core left to
 * everything else: a flood of sign-ins cannot take the machine from the conversations.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit, OnApplicationShutdown {
  private readonly threads = new HashThreads();
  private readonly semaphore = new BoundedSemaphore({
    concurrency: Math.max(1, Math.min(4, availableParallelism()) - 1),
    maxWaiting: MAX_WAITING,
    maxWaitMs: MAX_WAIT_MS,
  });
  private readonly seconds;
  private dummy = '';

  constructor(metrics: Metrics) {
    this.seconds = metrics.histogram(
      'stoa_password_hash_seconds',
      'One Argon2id and the rest of its thread before it, without the wait for a place',
    );
    metrics.gauge('stoa_password_hash_waiting', 'Callers that wait for a hash', () => this.semaphore.waitingCount);
  }

  async onModuleInit(): Promise<void> {
    this.dummy = await this.hash(randomBytes(32).toString('base64url'));
  }

  onApplicationShutdown(): Promise<void> {
    return this.threads.stop();
  }

  /** The hash of a secret that nobody knows, with the current parameters: what is verified when there is no account. */
  get dummyHash(): string {
    return this.dummy;
  }

  /**
   * Before any other work for a password: whoever finds no place costs nothing more, whether or not there is an account.
   * @throws Busy
   */
  requireRoom(): void {
    this.semaphore.requireRoom();
  }

  /**
   * @returns a PHC string that carries its parameters
   * @throws Busy when too many wait, or it would take too long
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.derive(password, { ...CURRENT, salt, hash: Buffer.alloc(HASH_BYTES) });
    const { memory, passes, parallelism } = CURRENT;
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(hash)}`;
  }

  /**
   * One Argon2id, whatever comes of it; constant time in the comparison.
   * @throws Busy when too many wait, or it would take too long
   */
  async verify(password: string, stored: string): Promise<boolean> {
    const parsed = parse(stored);
    return timingSafeEqual(await this.derive(password, parsed), parsed.hash);
  }

  /** True when the hash was made with other parameters than today's. */
  isOutdated(stored: string): boolean {
    const { memory, passes, parallelism } = parse(stored);
    return memory !== CURRENT.memory || passes !== CURRENT.passes || parallelism !== CURRENT.parallelism;
  }

  private derive(password: string, { memory, passes, parallelism, salt, hash }: StoredHash): Promise<Buffer> {
    const message = Buffer.from(normalisePassword(password));
    const parameters = { message, nonce: salt, parallelism, tagLength: hash.length, memory, passes };
    return this.semaphore.run(async () => {
      const end = this.seconds.startTimer();
      try {
        return await this.threads.derive(parameters);
      } finally {
        end();
      }
    });
  }
}

function parse(stored: string): StoredHash {
  const [, memory, passes, parallelism, salt = '', hash = ''] = SHAPE.exec(stored) ?? [];
  if (!memory) throw new Error('a stored password hash is malformed');
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
