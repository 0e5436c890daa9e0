import { History } from './history.js';
import type { HttpApi } from './http-api.js';
import { IdleWatch } from './idle-watch.js';
import type { Outbox } from './outbox.js';
import { OutboxSender } from './outbox-sender.js';
import { Searching } from './searching.js';
import type { SearchingPorts } from './searching.js';
import type { Memory, SessionMemory } from './session-memory.js';
import type { Snapshot } from './snapshot.js';
import type { Store } from './store.js';

export interface UpkeepOptions extends SearchingPorts {
  api: HttpApi;
  memory: SessionMemory;
  serverNow(): number;
}

/** What has to happen after every change: remember it, send what waits, fill what is missing, watch for silence. */
export class Upkeep {
  private readonly sender: OutboxSender;
  private readonly history: History;
  private readonly idle: IdleWatch;
  readonly searching: Searching;
  private readonly memory: SessionMemory;

  constructor(
    private readonly store: Store<Snapshot>,
    options: UpkeepOptions,
  ) {
    const { request, api, random } = options;
    this.memory = options.memory;
    this.sender = new OutboxSender(store, {
      send: ({ conversationId, clientId, text }) => request('message:send', { conversationId, clientId, text }),
      onSent: () => this.history.fillSoon(),
      ...(random && { random }),
    });
    this.history = new History(store, {
      sync: (conversationId, hole) => request('conversation:sync', { conversationId, ...hole }),
      read: (conversationId, { after, limit }) => api.messages(conversationId, after, limit),
    });
    this.idle = new IdleWatch(store, { serverNow: () => options.serverNow(), refresh: () => void options.refresh() });
    this.searching = new Searching(store, options);
    store.subscribe(() => this.memory.save(store.getSnapshot()));
  }

  /** What is remembered of this user's last page; nothing of anyone else's. */
  recall(userId: string): Memory {
    return this.memory.load(userId);
  }

  /** After every change that came from the server. */
  settle(): void {
    this.sender.pump();
    void this.history.fill();
    this.history.readPast();
    this.idle.check();
    this.searching.check();
  }

  changeOutbox(by: (outbox: Outbox) => Outbox): void {
    this.store.update((snapshot) => ({ ...snapshot, outbox: by(snapshot.outbox) }));
    this.sender.pump();
  }

  stop(): void {
    this.sender.stop();
    this.history.stop();
    this.idle.stop();
    this.searching.stop();
  }
}
