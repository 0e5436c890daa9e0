import { WebSocketGateway } from '@nestjs/websockets';

/**
 * Marks a gateway. Its handlers are one line each and return the acknowledgement's `data`; validation, envelope, errors, limits and
 * order are the edge's (`socket-edge.ts`), which calls them without Nest's guards, pipes, interceptors and filters.
 */
export const SocketHandlers = (): ClassDecorator => WebSocketGateway();
