// A stock Nest gateway with a DTO and a ValidationPipe, doing what the bare server does. argv: port.
import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { IsString, IsUUID, MaxLength } from 'class-validator';

class SendMessage {}
for (const [property, decorators] of [
  ['conversationId', [IsString(), MaxLength(64)]],
  ['clientId', [IsUUID()]],
  ['text', [IsString(), MaxLength(8_192)]],
])
  for (const decorate of decorators) decorate(SendMessage.prototype, property);

class ChatGateway {
  handleConnection(socket) {
    void socket.join(socket.handshake.auth.own);
  }

  send(socket, { text }) {
    socket.data.seq = (socket.data.seq ?? 0) + 1;
    const { partner } = socket.handshake.auth;
    this.io.to(partner).emit('message:new', { conversationId: partner, seq: socket.data.seq, from: 'partner', text });
    return { ok: true, data: { seq: socket.data.seq } };
  }
}
const descriptor = Object.getOwnPropertyDescriptor(ChatGateway.prototype, 'send');
Reflect.defineMetadata('design:paramtypes', [Object, SendMessage], ChatGateway.prototype, 'send');
SubscribeMessage('message:send')(ChatGateway.prototype, 'send', descriptor);
WebSocketServer()(ChatGateway.prototype, 'io');
WebSocketGateway({ transports: ['websocket'] })(ChatGateway);

class Root {}
Module({ providers: [ChatGateway] })(Root);

const app = await NestFactory.create(Root, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
await app.listen(Number(process.argv[2]), '127.0.0.1');
