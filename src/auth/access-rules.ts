import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS_LEVEL } from '../platform/identity/access.decorator.js';
import type { AccessLevel } from '../platform/identity/access.decorator.js';
import type { DoorRequest } from './door-request.js';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** What a route asks of a request, by its `@Access`. */
@Injectable()
export class AccessRules {
  constructor(private readonly reflector: Reflector) {}

  levelOf(context: ExecutionContext): AccessLevel {
    const level = this.reflector.getAllAndOverride<AccessLevel | undefined>(ACCESS_LEVEL, [
      context.getHandler(),
      context.getClass(),
    ]);
    return level ?? 'user';
  }

  /** Whether the request may change something, so that its origin and its CSRF token count. */
  isGuarded(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<DoorRequest>();
    return !SAFE_METHODS.has(method) && this.levelOf(context) !== 'open';
  }
}
