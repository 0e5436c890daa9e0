// Colyseus as it comes: a room of two that relays a message to the partner and acknowledges it. argv: port, folder of its packages.
import { createRequire } from 'node:module';

const [port, folder] = process.argv.slice(2);
const load = createRequire(`${folder}/`);
const { Room, Server } = load('@colyseus/core');
const { WebSocketTransport } = load('@colyseus/ws-transport');

class PairRoom extends Room {
  maxClients = 2;
  seq = 0;
  messages = {
    'message:send': (client, { id, text }) => {
      this.seq += 1;
      for (const other of this.clients)
        if (other !== client) other.send('message:new', { seq: this.seq, from: 'partner', text });
      client.send('ack', { id, seq: this.seq });
    },
  };
}

const server = new Server({ greet: false, transport: new WebSocketTransport() });
server.define('pair', PairRoom).filterBy(['pair']);
await server.listen(Number(port), '127.0.0.1');
