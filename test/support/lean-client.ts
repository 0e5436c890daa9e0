import { WebSocket } from 'ws';
import type { MessagePage } from '../../src/contracts/state.dto.js';
import { ORIGIN } from './deployment.js';
import type { Talker } from './seeded-crowd.js';

/** The Socket.IO wire by hand and nothing more: thousands of these must not take the machine from the servers that they test. */
export class LeanClient {
  superseded = false;
  private ws: WebSocket | undefined;

  constructor(private readonly talker: Talker) {}

  /** Connects, waits for the state of the conversation, and syncs it from the start. */
  receive(url: string): Promise<MessagePage> {
    const { person, handle } = this.talker;
    const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      headers: { origin: ORIGIN, cookie: person.cookie },
      perMessageDeflate: false,
    });
    this.ws = ws;
    return new Promise((resolve, reject) => {
      ws.on('error', reject);
      ws.on('close', (code) => reject(new Error(`closed: ${code}`)));
      ws.on('message', (data) => {
        const frame = (data as Buffer).toString();
        if (frame === '2') ws.send('3');
        else if (frame.startsWith('0')) ws.send(`40${JSON.stringify({ csrfToken: person.csrfToken })}`);
        else if (frame.startsWith('44')) reject(new Error(frame));
        else if (frame.startsWith('42["session:superseded"')) this.superseded = true;
        else if (frame.startsWith('42["session:ready"')) {
          if (!frame.includes(handle)) return reject(new Error(`not in the conversation: ${frame.slice(0, 200)}`));
          ws.send(`421${JSON.stringify(['conversation:sync', { conversationId: handle, after: 0 }])}`);
        } else if (frame.startsWith('431')) {
          const [answer] = JSON.parse(frame.slice(3));
          if (answer.ok) resolve(answer.data as MessagePage);
          else reject(new Error(answer.error.code));
        }
      });
    });
  }

  /** As a network that goes away. */
  cut(): void {
    this.ws?.terminate();
  }
}
