import type { PresenceService } from './presence.service.js';

// Events to people are typed by the contract, held by the compiler.
export function emitEvents(presence: PresenceService): void {
  presence.emit('user', 'typing:changed', { conversationId: 'c', typing: true });
  // @ts-expect-error an event that the contract does not know
  presence.emit('user', 'typing:stopped', {});
  // @ts-expect-error a payload of another event
  presence.emit('user', 'message:seen', { conversationId: 'c', typing: true });
}
