import { Module } from '@nestjs/common';
import { HandshakeVerifier } from '../platform/realtime/handshake-verifier.port.js';
import { AccessRules } from './access-rules.js';
import { AuthRequestHandler } from './auth-request.handler.js';
import { AuthRequestRepository } from './auth-request.repository.js';
import { AuthRequestService } from './auth-request.service.js';
import { AuthSweep } from './auth-sweep.js';
import { CredentialCheck } from './credential-check.js';
import { CsrfService } from './csrf.service.js';
import { EmailChangeService } from './email-change.service.js';
import { AnswerTimes, LatencyFloor } from './latency-floor.js';
import { MeService } from './me.service.js';
import { MemberRepository } from './member.repository.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordResetService } from './password-reset.service.js';
import { HttpLimits } from './rate-limit.guard.js';
import { RegistrationService } from './registration.service.js';
import { RequestSubjects } from './request-subjects.js';
import { SessionInterceptor } from './session.interceptor.js';
import { SessionRepository } from './session.repository.js';
import { SessionService } from './session.service.js';
import { SignInDesk } from './sign-in-desk.js';
import { SignInService } from './sign-in.service.js';
import { SocketHandshake } from './socket-handshake.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

/** Used inside auth only. */
const internals = [
  AuthRequestRepository,
  MemberRepository,
  PasswordHasher,
  SessionRepository,
  UserRepository,
  CredentialCheck,
  SignInDesk,
];

/** For the doors of auth, which the roots list, and for the features to the right. */
const services = [
  AccessRules,
  AnswerTimes,
  AuthRequestHandler,
  AuthRequestService,
  AuthSweep,
  CsrfService,
  EmailChangeService,
  HttpLimits,
  LatencyFloor,
  MeService,
  PasswordResetService,
  RegistrationService,
  RequestSubjects,
  SessionInterceptor,
  SessionService,
  SignInService,
  UserService,
];

/** For the doors of other features that end a session. */
export { SessionInterceptor };

/** Who you are: guests, members, sessions, tokens. */
@Module({
  providers: [...internals, ...services, { provide: HandshakeVerifier, useClass: SocketHandshake }],
  exports: [...services, HandshakeVerifier],
})
export class AuthModule {}
