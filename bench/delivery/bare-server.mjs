// The yardstick: Socket.IO as it comes, that relays a message to the partner and acknowledges it. No identity, no check, no store.
// argv: port, Redis URL (absent: one process). Pairs find each other by a room: across processes with the classic adapter.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const [port, redisUrl] = process.argv.slice(2);
const http = createServer((_, response) => response.end('ok'));
const io = new Server(http, { transports: ['websocket'], serveClient: false });
if (redisUrl) io.adapter(createAdapter(new Redis(redisUrl), new Redis(redisUrl)));
io.on('connection', (socket) => {
  const { own, partner } = socket.handshake.auth;
  void socket.join(own);
  let seq = 0;
  socket.on('message:send', ({ text }, ack) => {
    seq += 1;
    io.to(partner).emit('message:new', { conversationId: partner, seq, from: 'partner', text });
    ack({ ok: true, data: { seq } });
  });
});
http.listen(Number(port), '127.0.0.1');
