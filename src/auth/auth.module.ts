import { Module } from '@nestjs/common';
import { HandshakeVerifier } from '../platform/realtime/handshake-verifier.port.js';
import { AccessRules } from './access-rules.js';
import { CsrfService } from './csrf.service.js';
import { MeService } from './me.service.js';
import { HttpLimits } from './rate-limit.guard.js';
import { RequestSubjects } from './request-subjects.js';
import { SessionInterceptor } from './session.interceptor.js';
import { SessionRepository } from './session.repository.js';
import { SessionService } from './session.service.js';
import { SocketHandshake } from './socket-handshake.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

/** Who you are: guests, members, sessions, tokens. The doors are listed by the roots. */
@Module({
  providers: [
    AccessRules,
    CsrfService,
    HttpLimits,
    MeService,
    RequestSubjects,
    SessionInterceptor,
    SessionRepository,
    SessionService,
    { provide: HandshakeVerifier, useClass: SocketHandshake },
    UserRepository,
    UserService,
  ],
  exports: [
    AccessRules,
    CsrfService,
    HandshakeVerifier,
    HttpLimits,
    MeService,
    RequestSubjects,
    SessionInterceptor,
    SessionService,
    UserService,
  ],
})
export class AuthModule {}
