import 'reflect-metadata';
import { UseGuards, UseInterceptors } from '@nestjs/common';
import type { CanActivate, NestInterceptor, PipeTransform } from '@nestjs/common';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { Caller } from '../identity/caller.decorator.js';
import type { Identity } from '../identity/identity.types.js';
import type { Connection } from './connection.types.js';
import { handlersOf } from './gateway-handlers.js';
import { SocketHandlers } from './socket-handlers.decorator.js';

class AGuard implements CanActivate {
  canActivate = (): boolean => false;
}
class AnInterceptor implements NestInterceptor {
  intercept: NestInterceptor['intercept'] = (_, next) => next.handle();
}
class APipe implements PipeTransform {
  transform = (value: unknown): unknown => value;
}

const connection = { data: { identity: { userId: 'u1', sessionId: 's1', kind: 'guest' } } } as unknown as Connection;

describe('handlersOf', () => {
  it('calls the method itself, with its arguments where it wants them', async () => {
    @SocketHandlers()
    class Gateway {
      private readonly own = 'mine';

      @SubscribeMessage('message:send')
      send(@MessageBody() body: unknown, @Caller() caller: Identity): unknown[] {
        return [this.own, caller.userId, body];
      }

      @SubscribeMessage('session:state')
      state(@Caller() { kind }: Identity): Promise<string> {
        return Promise.resolve(kind);
      }

      notAHandler(): void {}
    }
    const handlers = handlersOf(new Gateway());
    expect([...handlers.keys()]).toEqual(['message:send', 'session:state']);
    expect(handlers.get('message:send')?.(connection, { text: 'x' })).toEqual(['mine', 'u1', { text: 'x' }]);
    expect(await handlers.get('session:state')?.(connection, {})).toBe('guest');
  });

  it('refuses, at the start, what would be left out in silence', () => {
    @UseGuards(AGuard)
    @SocketHandlers()
    class Guarded {}
    @SocketHandlers()
    class Intercepted {
      @SubscribeMessage('typing:set')
      @UseInterceptors(AnInterceptor)
      typing(): void {}
    }
    @SocketHandlers()
    class Piped {
      @SubscribeMessage('typing:set')
      typing(@MessageBody(new APipe()) _: unknown): void {}
    }
    @SocketHandlers()
    class OfAField {
      @SubscribeMessage('typing:set')
      typing(@MessageBody('typing') _: unknown): void {}
    }
    @SocketHandlers()
    class WithTheSocket {
      @SubscribeMessage('typing:set')
      typing(@ConnectedSocket() _: unknown): void {}
    }
    @SocketHandlers()
    class WithItsAck {
      @SubscribeMessage('typing:set')
      typing(@Ack() _: unknown): void {}
    }
    @SocketHandlers()
    class Hooked {
      handleConnection(): void {}
    }
    for (const Gateway of [Guarded, Intercepted, Piped, OfAField, WithTheSocket, WithItsAck, Hooked])
      expect(() => handlersOf(new Gateway())).toThrow();
  });
});
