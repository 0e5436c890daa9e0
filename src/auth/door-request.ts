import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Identity } from '../platform/identity/identity.types.js';
import { nameClient } from './client-name.js';
import type { SessionFacts, Visitor } from './session.types.js';

/** An HTTP request as the guards hand it on. */
export interface DoorRequest extends Request {
  /** The session that the cookie names; a pre-session, too. */
  session?: SessionFacts;
  /** Set only for a signed-in user. */
  identity?: Identity;
  /** Over a limit that must not show. */
  overQuietLimit?: boolean;
  /** ms, monotonic */
  arrivedAt?: number;
}

const requestOf = (context: ExecutionContext): DoorRequest => context.switchToHttp().getRequest<DoorRequest>();

/** Who is at the door, signed in or not. */
export const CurrentVisitor = createParamDecorator((_: unknown, context: ExecutionContext): Visitor => {
  const { session, headers, overQuietLimit = false } = requestOf(context);
  return { ...(session ? { session } : {}), client: nameClient(headers['user-agent']), overQuietLimit };
});

/** The caller's session, on routes that need one. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionFacts | undefined => requestOf(context).session,
);
