import { Injectable } from '@nestjs/common';
import type { Message } from '../contracts/state.dto.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { PresenceService } from '../presence/presence.service.js';
import { partnerSlot } from './chat.types.js';
import type { Membership, StoredMessage } from './chat.types.js';
import { ClientKnowledge } from './client-knowledge.service.js';
import { viewMessage } from './conversation-view.js';

type RepeatMessage = { type: 'repeat'; userId: string; message: Message };

/** After the commit: the sender has the message acknowledged, the partner is told. Best effort: what is lost here, the beacon heals. */
@Injectable()
export class MessageDelivery {
  constructor(
    private readonly presence: PresenceService,
    private readonly knowledge: ClientKnowledge,
  ) {
    presence.onRelayed<RepeatMessage>('repeat', ({ userId, message }) => this.repeatHere(userId, message));
  }

  /** A message that was stored just now. */
  deliver(caller: Identity, sender: Membership, message: StoredMessage): void {
    this.knowledge.noteSent(caller, sender.handle, message.seq);
    if (sender.partnerUserId) this.presence.emit(sender.partnerUserId, 'message:new', viewForPartner(sender, message));
  }

  /**
   * A message that was stored before: whoever did so may have died, or lost the answer, before the partner was told.
   * The process of the partner knows whether that is so; what the client has, it does not get again.
   */
  deliverAgain(caller: Identity, sender: Membership, message: StoredMessage): void {
    this.knowledge.noteSent(caller, sender.handle, message.seq);
    const { partnerUserId: userId } = sender;
    if (!userId) return;
    const view = viewForPartner(sender, message);
    if (this.presence.isLocal(userId)) this.repeatHere(userId, view);
    else this.presence.relay({ type: 'repeat', userId, message: view } satisfies RepeatMessage);
  }

  /** A sign of typing, which waited for its moment: nothing where the conversation has ended since, by whoever's doing. */
  tellTyping({ userId, handle, partnerUserId, partnerHandle }: Membership, typing: boolean): void {
    if (!partnerUserId || this.knowledge.knowsEndOf(userId, handle)) return;
    this.presence.emit(partnerUserId, 'typing:changed', { conversationId: partnerHandle, typing });
  }

  private repeatHere(userId: string, message: Message): void {
    const known = this.knowledge.conversationOf(userId);
    // Also nothing after the end: the client knows of no such conversation then.
    if (known?.handle !== message.conversationId || known.seqs.has(message.seq)) return;
    this.knowledge.countHealed('resend', 'message');
    this.presence.emit(userId, 'message:new', message);
  }
}

const viewForPartner = ({ slot, partnerHandle }: Membership, message: StoredMessage): Message =>
  viewMessage(message, { slot: partnerSlot(slot), handle: partnerHandle });
