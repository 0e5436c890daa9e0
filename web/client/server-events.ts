import type { ServerEvent, ServerEvents } from '../../src/contracts/socket-events.js';
import {
  applyEnded,
  applyMessages,
  applyNotice,
  applyPresence,
  applySearchStatus,
  applySeen,
  applyStarted,
  applyState,
  applyTyping,
} from './reduce.js';
import type { Snapshot } from './snapshot.js';

type Reducers = { [E in ServerEvent]?: (snapshot: Snapshot, payload: ServerEvents[E], now: number) => Snapshot };

/** What each server event changes. Superseding, revoking and draining are the connection's business. */
const REDUCERS: Reducers = {
  'session:ready': applyState,
  'search:status': applySearchStatus,
  'conversation:started': applyStarted,
  'message:new': (snapshot, message) => applyMessages(snapshot, message.conversationId, [message]),
  'message:seen': applySeen,
  'typing:changed': applyTyping,
  'partner:presence': applyPresence,
  'conversation:ended': (snapshot, ended) => applyEnded(snapshot, ended.conversationId, ended.reason),
  'server:notice': applyNotice,
};

/** Events that this client does not know change nothing: a newer server may send some. */
export const reduceEvent = <E extends ServerEvent>(
  snapshot: Snapshot,
  event: E,
  payload: ServerEvents[E],
  now: number,
): Snapshot => REDUCERS[event]?.(snapshot, payload, now) ?? snapshot;
