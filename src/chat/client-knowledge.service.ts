import { Injectable } from '@nestjs/common';
import type { Conversation, Message, PartnerPresence, State } from '../contracts/state.dto.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Connection } from '../platform/realtime/connection.types.js';
import { KnownSeqs } from './known-seqs.js';

/** The conversation that a client believes to be open. */
export interface KnownConversation {
  readonly handle: string;
  readonly seqs: KnownSeqs;
  presence: PartnerPresence['state'];
}

interface Knowledge {
  readonly connection: Connection;
  conversation: KnownConversation | undefined;
}

/**
 * What each client of this process has been told, by watching what goes out to it: the other half of what the beacon compares
 * with Postgres. Of events it knows once they are written to the socket; of an answer, a turn before it is: what breaks the connection
 * in between costs nothing, for a new one knows nothing of what the last had been told.
 */
@Injectable()
export class ClientKnowledge {
  private readonly users = new Map<string, Knowledge>();
  private readonly healed;
  private readonly resumed;

  constructor(metrics: Metrics) {
    this.resumed = metrics.counter(
      'stoa_chat_resumed_total',
      'New connections that came back into an open conversation',
    );
    this.healed = metrics.counter(
      'stoa_chat_gaps_healed_total',
      'What clients had missed, by the way in which they got it',
      {
        labels: ['path', 'what'],
      },
    );
  }

  /** Watches a new connection until it goes. Before anything is sent over it. */
  follow(connection: Connection): void {
    const { userId } = connection.data.identity;
    this.users.set(userId, { connection, conversation: undefined });
    connection.onAnyOutgoing((event: string, payload: unknown) => this.noteEvent(connection, event, payload));
    connection.once('disconnect', () => {
      if (this.users.get(userId)?.connection === connection) this.users.delete(userId);
    });
  }

  /** Undefined: the client knows of no open conversation. */
  conversationOf(userId: string): KnownConversation | undefined {
    return this.users.get(userId)?.conversation;
  }

  /** The client is here and does not believe the conversation open: it left, or was told of the end. */
  knowsEndOf(userId: string, handle: string): boolean {
    const known = this.users.get(userId);
    return known !== undefined && known.conversation?.handle !== handle;
  }

  /** An answer to `caller` carried the whole state. */
  noteState(caller: Identity, { conversation, lastSeq = 0 }: State): void {
    const known = this.of(caller);
    if (!known) return;
    if (!conversation) known.conversation = undefined;
    else {
      const current = this.adopt(known, conversation);
      current.seqs.addUpTo(lastSeq);
    }
  }

  /** An answer to `caller` carried these messages; the client said that it has everything up to `after`. */
  notePage(caller: Identity, handle: string, after: number, messages: Message[]): void {
    const conversation = this.knownAs(caller, handle);
    if (!conversation) return;
    conversation.seqs.addUpTo(after);
    for (const { seq, from } of messages) {
      if (from === 'partner' && !conversation.seqs.has(seq)) this.countHealed('sync', 'message');
      conversation.seqs.add(seq);
    }
  }

  /** `sync`: the client asked; `resend`: the sender asked again; `beacon`: the server pushed. */
  countHealed(path: 'sync' | 'resend' | 'beacon', what: string): void {
    this.healed.inc({ path, what });
  }

  /** A message of `caller`'s own was acknowledged to it. */
  noteSent(caller: Identity, handle: string, seq: number): void {
    this.knownAs(caller, handle)?.seqs.add(seq);
  }

  private noteEvent(connection: Connection, event: string, payload: unknown): void {
    const { userId } = connection.data.identity;
    const known = this.users.get(userId);
    if (known?.connection !== connection) return;
    if (event === 'session:ready') this.noteReady(connection, payload as State);
    else if (event === 'conversation:started') this.adopt(known, payload as Conversation);
    else
      this.noteNews(known, event, payload as { conversationId: string; seq: number; state: PartnerPresence['state'] });
  }

  private noteReady({ data }: Connection, state: State): void {
    // What the client had before is not known here: it may have missed nothing.
    if (state.conversation) this.resumed.inc();
    this.noteState(data.identity, state);
  }

  private noteNews(
    known: Knowledge,
    event: string,
    { conversationId, seq, state }: { conversationId: string; seq: number; state: PartnerPresence['state'] },
  ): void {
    const { conversation } = known;
    if (!conversation || conversation.handle !== conversationId) return;
    if (event === 'message:new') conversation.seqs.add(seq);
    else if (event === 'partner:presence') conversation.presence = state;
    else if (event === 'conversation:ended') known.conversation = undefined;
  }

  /** Of the connection that `caller` was made for, if it is still the user's: what an older one is answered, a newer one lacks. */
  private of(caller: Identity): Knowledge | undefined {
    const known = this.users.get(caller.userId);
    return known?.connection.data.identity === caller ? known : undefined;
  }

  private knownAs(caller: Identity, handle: string): KnownConversation | undefined {
    const conversation = this.of(caller)?.conversation;
    return conversation?.handle === handle ? conversation : undefined;
  }

  private adopt(known: Knowledge, { id, presence }: Conversation): KnownConversation {
    if (known.conversation?.handle !== id)
      known.conversation = { handle: id, seqs: new KnownSeqs(), presence: presence.state };
    known.conversation.presence = presence.state;
    return known.conversation;
  }
}
