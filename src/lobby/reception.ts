import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Attendance } from '../chat/attendance.service.js';
import type { Sighting } from '../chat/chat.types.js';
import type { State } from '../contracts/state.dto.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { isPassingFault } from '../platform/errors/error-mapper.js';
import type { Connection } from '../platform/realtime/connection.types.js';
import { LobbyService } from './lobby.service.js';
import { SearchTicker } from './search-ticker.js';

/** How long a search waits for an owner who lost the connection (ms). */
const ABSENT_LEASE_MS = 8_000;
/** Socket.IO's reason when the client itself said goodbye; a closed tab or a broken network looks the same from here, and is none. */
const GOODBYE = 'client namespace disconnect';

/** Until the ticker's next round renews it (ms). */
const PRESENT_LEASE_MS = 15_000;

/** How long a newcomer waits for a store that is away (ms), and between two tries. */
const PATIENCE = 10_000;
const RETRY_DELAY = 250;

/** What becomes of a person's conversation and search when their connection begins and ends. */
@Injectable()
export class Reception {
  constructor(
    private readonly attendance: Attendance,
    private readonly lobby: LobbyService,
    private readonly ticker: SearchTicker,
  ) {}

  /**
   * The older connection is gone by now, and nobody would be left if this one went as well: a store that is away for a moment
   * is waited for.
   */
  async receive(connection: Connection): Promise<State> {
    for (const deadline = performance.now() + PATIENCE; ; await sleep(RETRY_DELAY))
      try {
        const [, state] = await Promise.all([
          this.attendance.markHere(sightingOf(connection)),
          this.resume(connection.data.identity),
        ]);
        return state;
      } catch (error) {
        if (!isPassingFault(error) || !connection.connected || performance.now() > deadline) throw error;
      }
  }

  /** Once they were told that they search: how it goes. */
  follow(connection: Connection): void {
    this.ticker.watch(connection.data.identity.userId);
  }

  /** Their only connection is gone. */
  async dismiss(connection: Connection, reason: string): Promise<void> {
    const { userId } = connection.data.identity;
    await Promise.all([
      this.attendance.markAway(sightingOf(connection)),
      this.ticker.leave(userId, ABSENT_LEASE_MS, reason === GOODBYE ? 'gave_up' : 'lost'),
    ]);
  }

  private async resume(caller: Identity): Promise<State> {
    await this.ticker.keep(caller.userId, PRESENT_LEASE_MS);
    return this.lobby.stateOf(caller);
  }
}

const sightingOf = ({ data: { identity, generation = 0 } }: Connection): Sighting => ({
  userId: identity.userId,
  generation,
});
