import { SetMetadata } from '@nestjs/common';
import type { HttpLimitName } from './limits.js';

export const ROUTE_LIMITS = 'stoa:limits';

/** Limits of a route, besides those of every route. */
export const Limits = (...names: HttpLimitName[]): MethodDecorator => SetMetadata(ROUTE_LIMITS, names);
