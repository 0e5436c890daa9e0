import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Identity } from './identity.types.js';

/** The identity that the edge put on an HTTP request or on a socket before any handler ran. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Identity | undefined =>
  context.getType() === 'ws'
    ? context.switchToWs().getClient<{ data: { identity?: Identity } }>().data.identity
    : context.switchToHttp().getRequest<{ identity?: Identity }>().identity,
);
