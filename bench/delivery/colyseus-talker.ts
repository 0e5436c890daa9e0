import { createRequire } from 'node:module';
import { Awaited } from './talker.js';
import type { Connect, Talker } from './talker.js';

/** What is used of `@colyseus/sdk`, which is installed for the run alone. */
interface ColyseusRoom {
  onMessage(type: string, listener: (message: { id: number }) => void): void;
  onLeave(listener: () => void): void;
  send(type: string, message: unknown): void;
  leave(): Promise<unknown>;
}
interface ColyseusSdk {
  Client: new (url: string) => { joinOrCreate(room: string, options: unknown): Promise<ColyseusRoom> };
}

/** Colyseus has no acknowledgement of its own: the room sends one. `folder`: where its client is installed. */
export function colyseusConnect(folder: string): Connect {
  const { Client } = createRequire(`${folder}/`)('@colyseus/sdk') as ColyseusSdk;
  return async ({ url, conversationId }, onMessage): Promise<Talker> => {
    const room = await new Client(url).joinOrCreate('pair', { pair: conversationId });
    const awaited = new Awaited();
    room.onMessage('message:new', onMessage);
    room.onMessage('ack', ({ id }) => awaited.settle(id, true));
    room.onLeave(() => awaited.fail());
    return {
      send: (text) => {
        const { id, answer } = awaited.next();
        room.send('message:send', { id, text });
        return answer;
      },
      close: () => void room.leave(),
    };
  };
}
