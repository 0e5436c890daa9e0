import { Injectable } from '@nestjs/common';
import type { Conversation, Message, PartnerPresence, State } from '../contracts/state.dto.js';
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
 * with Postgres. It may lag behind the client, never run ahead of what was written to its socket.
 */
@Injectable()
export class ClientKnowledge {
  private readonly users = new Map<string, Knowledge>();
  private readonly healed;

  constructor(metrics: Metrics) {
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

  /** An answer carried the whole state. */
  noteState(userId: string, { conversation, lastSeq = 0 }: State): void {
    const known = this.users.get(userId);
    if (!known) return;
    if (!conversation) known.conversation = undefined;
    else {
      const current = this.adopt(known, conversation);
      current.seqs.addUpTo(lastSeq);
    }
  }

  /** An answer carried these messages; the client said that it has everything up to `after`. */
  notePage(userId: string, handle: string, after: number, messages: Message[]): void {
    const conversation = this.knownAs(userId, handle);
    if (!conversation) return;
    conversation.seqs.addUpTo(after);
    for (const { seq, from } of messages) {
      if (from === 'partner' && !conversation.seqs.has(seq)) this.countHealed('sync', 'message');
      conversation.seqs.add(seq);
    }
  }

  /** `resume`: with a new connection; `sync`: the client asked; `resend`: the sender asked again; `beacon`: the server pushed. */
  countHealed(path: 'resume' | 'sync' | 'resend' | 'beacon', what: string): void {
    this.healed.inc({ path, what });
  }

  /** The client's own message was acknowledged. */
  noteSent(userId: string, handle: string, seq: number): void {
    this.knownAs(userId, handle)?.seqs.add(seq);
  }

  private noteEvent(connection: Connection, event: string, payload: unknown): void {
    const { userId } = connection.data.identity;
    const known = this.users.get(userId);
    if (known?.connection !== connection) return;
    if (event === 'session:ready') this.noteReady(userId, payload as State);
    else if (event === 'conversation:started') this.adopt(known, payload as Conversation);
    else
      this.noteNews(known, event, payload as { conversationId: string; seq: number; state: PartnerPresence['state'] });
  }

  private noteReady(userId: string, state: State): void {
    if (state.conversation) this.countHealed('resume', 'conversation');
    this.noteState(userId, state);
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

  private knownAs(userId: string, handle: string): KnownConversation | undefined {
    const conversation = this.conversationOf(userId);
    return conversation?.handle === handle ? conversation : undefined;
  }

  private adopt(known: Knowledge, { id, presence }: Conversation): KnownConversation {
    if (known.conversation?.handle !== id)
      known.conversation = { handle: id, seqs: new KnownSeqs(), presence: presence.state };
    known.conversation.presence = presence.state;
    return known.conversation;
  }
}
