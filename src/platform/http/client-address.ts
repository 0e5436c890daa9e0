import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import proxyAddr from 'proxy-addr';
import { HttpConfig } from '../../config/config.types.js';
import { addressBlock } from './address-block.js';
import { AddressSalts } from './address-salts.js';

/**
 * Where a request comes from, the same for HTTP and for upgrades: X-Forwarded-For counts only as far as the proxies
 * that `TRUST_PROXY` names wrote it. The address itself lives in memory only; what is stored is its digest.
 */
@Injectable()
export class ClientAddress {
  private readonly isTrusted: (address: string, index: number) => boolean;

  constructor(
    { trustProxy }: HttpConfig,
    private readonly salts: AddressSalts,
  ) {
    this.isTrusted = proxyAddr.compile([...trustProxy]);
  }

  /** The client's IPv4 address or the /64 of its IPv6 address: the key of counters that stay in this process. */
  blockOf(request: IncomingMessage): string {
    return addressBlock(proxyAddr(request, this.isTrusted) ?? '');
  }

  /** The same of a connection, before it says anything; undefined for a trusted proxy, which brings everybody's. */
  peerOf({ remoteAddress = '' }: Socket): string | undefined {
    return this.isTrusted(remoteAddress, 0) ? undefined : addressBlock(remoteAddress);
  }

  /** 32 hex digits: a keyed digest of the block with the salt of the day. For Redis, audit and logs. */
  digestOf(request: IncomingMessage): string {
    return this.digest(this.blockOf(request));
  }

  digest(block: string): string {
    return createHmac('sha256', this.salts.current()).update(block).digest('hex').slice(0, 32);
  }
}
