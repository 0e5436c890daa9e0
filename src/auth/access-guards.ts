import { APP_GUARD } from '@nestjs/core';
import type { Provider } from '@nestjs/common';
import { OriginGuard } from './origin.guard.js';
import { RateLimitGuard, UserRateLimitGuard } from './rate-limit.guard.js';
import { SessionGuard } from './session.guard.js';

/** The guards of every HTTP route, in the order in which a request meets them. For the root of the api. */
export const ACCESS_GUARDS: Provider[] = [
  { provide: APP_GUARD, useClass: OriginGuard },
  { provide: APP_GUARD, useClass: RateLimitGuard },
  { provide: APP_GUARD, useClass: SessionGuard },
  { provide: APP_GUARD, useClass: UserRateLimitGuard },
];
