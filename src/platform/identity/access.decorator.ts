import { SetMetadata } from '@nestjs/common';

/**
 * Who may use a route. `user`, the default: a signed-in person who is not suspended. `suspended`: any signed-in person.
 * `visitor`: anybody; an unsafe method still needs a fitting origin and the CSRF token of a pre-session.
 * `open`: anybody, nothing is looked up: health, reports of browsers.
 */
export type AccessLevel = 'open' | 'visitor' | 'suspended' | 'user';

export const ACCESS_LEVEL = 'stoa:access';

/** Opens a route, or all routes of a controller, to more than signed-in people. */
export const Access = (level: AccessLevel): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_LEVEL, level);
