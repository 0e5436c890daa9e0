import { Injectable } from '@nestjs/common';
import { ClientKnowledge } from '../chat/client-knowledge.service.js';
import { Audit } from '../platform/audit/audit.js';
import { SpentLimits } from '../platform/limiter/spent-limits.js';
import { ConnectionLifecycle } from '../platform/realtime/connection-lifecycle.port.js';
import type { Connection } from '../platform/realtime/connection.types.js';
import { PresenceService } from '../presence/presence.service.js';
import { Reception } from './reception.js';

/** Receives people when they connect and notes when they go: a reload finds everything as it was. */
@Injectable()
export class ConnectionDesk extends ConnectionLifecycle {
  constructor(
    private readonly presence: PresenceService,
    private readonly reception: Reception,
    private readonly knowledge: ClientKnowledge,
    private readonly spent: SpentLimits,
    private readonly audit: Audit,
  ) {
    super();
  }

  /** Subscribes first, then reads, so that nothing falls between. */
  override async opened(connection: Connection): Promise<void> {
    const { userId } = connection.data.identity;
    this.knowledge.follow(connection);
    const tookOver = await this.presence.attach(connection);
    if (tookOver) this.audit.tally({ event: 'session.supersede', actor: userId });
    const [state] = await Promise.all([this.reception.receive(connection), this.spent.collect(userId)]);
    this.presence.announceReady(connection, state);
    if (state.state === 'searching') this.reception.follow(connection);
  }

  override async closed(connection: Connection, reason: string): Promise<void> {
    const { userId } = connection.data.identity;
    const detached = this.presence.detach(connection);
    // A newer connection of theirs that ends here as well goes on with what they have spent here.
    const left = this.presence.isLocal(userId) ? undefined : this.spent.leave(userId);
    if (await detached) await this.reception.dismiss(connection, reason);
    await left;
  }
}
