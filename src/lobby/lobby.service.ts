import { Injectable } from '@nestjs/common';
import { UserService } from '../auth/user.service.js';
import { ClientKnowledge } from '../chat/client-knowledge.service.js';
import { ConversationService } from '../chat/conversation.service.js';
import type { LeaveConversation, StartSearch } from '../contracts/socket-requests.dto.js';
import type { Search, State } from '../contracts/state.dto.js';
import { AlreadyChatting } from '../matching/matching.errors.js';
import { SearchService } from '../matching/search.service.js';
import { LoadMonitor } from '../platform/health/load-monitor.js';
import { isPassingFault } from '../platform/errors/error-mapper.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { NotSearching } from './lobby.errors.js';
import { SearchTicker } from './search-ticker.js';

/** What a person is doing now: idle, searching or chatting; and the steps between these. */
@Injectable()
export class LobbyService {
  constructor(
    private readonly users: UserService,
    private readonly conversations: ConversationService,
    private readonly searches: SearchService,
    private readonly ticker: SearchTicker,
    private readonly load: LoadMonitor,
    private readonly knowledge: ClientKnowledge,
  ) {}

  /** All that a client needs to draw itself after a reload. */
  async stateOf(caller: Identity): Promise<State> {
    const state = await this.composeState(caller.userId);
    this.knowledge.noteState(caller, state);
    return state;
  }

  private async composeState(userId: string): Promise<State> {
    const [user, chat] = await Promise.all([this.users.viewOf(userId), this.conversations.stateOf(userId)]);
    if (chat) return { state: 'chatting', user, ...chat };
    const search = await this.searchOf(userId);
    if (search) return { state: 'searching', user, search };
    // A match ends the search after it has opened the conversation: one that won between the two reads is seen now.
    const opened = await this.conversations.stateOf(userId);
    return opened ? { state: 'chatting', user, ...opened } : { state: 'idle', user };
  }

  /** Starts a search, or returns the live one with its place kept. What the wish leaves out comes from the profile. @throws AlreadyChatting, Busy */
  async startSearch(caller: Identity, wish: StartSearch): Promise<State> {
    const { userId } = caller;
    this.load.admitSearch();
    if (await this.conversations.stateOf(userId)) throw new AlreadyChatting();
    const { seeks = {}, ...profile } = await this.users.wishOf(userId, wish);
    await this.searches.start(userId, { ...profile, seeks });
    this.ticker.watch(userId);
    return this.stateOf(caller);
  }

  /** Ends the search, or says with `chatting` that a match won. @throws NotSearching, Unavailable */
  async cancelSearch(caller: Identity): Promise<State> {
    // It waits for a match under way: when that has won, its conversation is committed and the state shows it.
    const outcome = await this.searches.cancel(caller.userId);
    const state = await this.stateOf(caller);
    if (outcome === 'not_searching' && state.state === 'idle') throw new NotSearching();
    return state;
  }

  /** Ends the conversation at once; with `next` a new search starts with the profile's wishes. */
  async leave(caller: Identity, { conversationId, next }: LeaveConversation): Promise<State> {
    await this.conversations.leave(caller, conversationId);
    return next ? this.searchNext(caller) : this.stateOf(caller);
  }

  /** Whoever asks again, as the answer was lost, may have been matched meanwhile. */
  private async searchNext(caller: Identity): Promise<State> {
    try {
      return await this.startSearch(caller, {});
    } catch (error) {
      if (error instanceof AlreadyChatting) return this.stateOf(caller);
      throw error;
    }
  }

  /** Without Redis nobody searches: the person is shown idle, told why, and may talk. */
  private async searchOf(userId: string): Promise<Search | undefined> {
    try {
      return await this.searches.statusOf(userId);
    } catch (error) {
      if (!isPassingFault(error)) throw error;
      this.ticker.noticeDegraded(userId);
      return undefined;
    }
  }
}
