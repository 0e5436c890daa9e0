import { Catch, UseFilters, applyDecorators } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';

/** Nest's own filter would answer with an `exception` event and never acknowledge; ours hands the error to the edge. */
@Catch()
export class RethrowFilter implements ExceptionFilter {
  catch(exception: unknown): never {
    throw exception;
  }
}

/**
 * Marks a gateway. Its handlers are one line each and return the acknowledgement's `data`;
 * validation, envelope, errors, limits and order are the edge's (`socket-edge.ts`).
 */
export const SocketHandlers = (): ClassDecorator =>
  applyDecorators(WebSocketGateway(), UseFilters(new RethrowFilter()));
