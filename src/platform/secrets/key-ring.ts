import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SessionConfig } from '../../config/config.types.js';
import type { SecretKey } from '../../config/config.types.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Signs, digests and seals with the ring of `SECRET_KEYS`: the first key makes, every key reads,
 * so that a new key can be put in front without signing anybody out. `purpose` keeps the uses apart.
 */
@Injectable()
export class KeyRing {
  private readonly keys: readonly SecretKey[];

  constructor({ keys }: SessionConfig) {
    this.keys = keys;
  }

  /** Names of the keys, the one that signs first. */
  get ids(): string[] {
    return this.keys.map(({ kid }) => kid);
  }

  /** @returns `kid.base64url(HMAC-SHA256)` */
  sign(purpose: string, text: string): string {
    const key = this.first();
    return `${key.kid}.${mac(key, purpose, text).toString('base64url')}`;
  }

  /** Constant time in the signature; false for every malformed one. */
  verify(purpose: string, text: string, signature: unknown): boolean {
    if (typeof signature !== 'string') return false;
    const at = signature.indexOf('.');
    const key = this.keys.find((k) => k.kid === signature.slice(0, at));
    const expected = mac(key ?? this.first(), purpose, text);
    const given = Buffer.from(signature.slice(at + 1), 'base64url');
    return given.length === expected.length && timingSafeEqual(given, expected) && key !== undefined;
  }

  /** A name for `text` that only this ring can make: for counters and logs. 32 hex digits; changes when the first key does. */
  digest(purpose: string, text: string): string {
    return digestBy(this.first(), purpose, text);
  }

  /** The names of `text` by every key of the ring: what stands under one may have been named before a key was put in front. */
  digests(purpose: string, text: string): string[] {
    return this.keys.map((key) => digestBy(key, purpose, text));
  }

  /** Encrypts (AES-256-GCM) as `kid.base64url(nonce, tag, text)`. */
  seal(purpose: string, text: string): string {
    const key = this.first();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', sealingKey(key, purpose), nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${key.kid}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  /** @throws when no key of the ring sealed this for this purpose */
  unseal(purpose: string, sealed: string): string {
    const at = sealed.indexOf('.');
    const key = this.keys.find((k) => k.kid === sealed.slice(0, at));
    if (!key) throw new Error('sealed with a key that has left the ring');
    const bytes = Buffer.from(sealed.slice(at + 1), 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(key, purpose), bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  private first(): SecretKey {
    const [key] = this.keys;
    if (!key) throw new Error('the key ring is empty');
    return key;
  }
}

const mac = (key: SecretKey, purpose: string, text: string): Buffer =>
  createHmac('sha256', key.secret).update(`${purpose}:${text}`).digest();

const digestBy = (key: SecretKey, purpose: string, text: string): string =>
  mac(key, purpose, text).toString('hex').slice(0, 32);

const sealingKey = (key: SecretKey, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key.secret, '', `seal:${purpose}`, 32));
