import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { Awaited } from './talker.js';
import type { Seat, Talker } from './talker.js';

/**
 * Socket.IO's wire by hand: its own client takes more of the machine for a message than the servers do, and the load runs
 * on their cores.
 */
export function connectSocketIo({ url, auth, headers, conversationId }: Seat, onMessage: () => void): Promise<Talker> {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    headers,
    perMessageDeflate: false,
  });
  const awaited = new Awaited();
  // Ours says when it is ready; the others are when they are connected.
  const ready = headers['cookie'] ? '42["session:ready"' : '40';
  const talker: Talker = {
    send: (text) => {
      const { id, answer } = awaited.next();
      ws.send(`42${id}${JSON.stringify(['message:send', { conversationId, clientId: randomUUID(), text }])}`);
      return answer;
    },
    close: () => ws.terminate(),
  };
  return new Promise((resolve, reject) => {
    ws.on('error', reject);
    ws.on('close', (code) => {
      awaited.fail();
      reject(new Error(`closed: ${code}`));
    });
    ws.on('message', (data) => {
      const frame = (data as Buffer).toString('latin1');
      if (frame.startsWith('42["message:new"')) onMessage();
      else if (frame.startsWith('43'))
        awaited.settle(Number.parseInt(frame.slice(2), 10), frame.includes('[{"ok":true'));
      else if (frame === '2') ws.send('3');
      else if (frame.startsWith('0')) ws.send(`40${JSON.stringify(auth)}`);
      else if (frame.startsWith('44')) reject(new Error(frame));
      if (frame.startsWith(ready)) resolve(talker);
    });
  });
}
