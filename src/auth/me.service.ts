import { Injectable } from '@nestjs/common';
import type { Me } from '../contracts/http.dto.js';
import type { UpdateProfile } from '../contracts/profile.dto.js';
import { Unauthenticated } from './auth.errors.js';
import { SessionService } from './session.service.js';
import type { SessionFacts } from './session.types.js';
import { UserService } from './user.service.js';

/** The signed-in user about themselves. */
@Injectable()
export class MeService {
  constructor(
    private readonly users: UserService,
    private readonly sessions: SessionService,
  ) {}

  async view(session: SessionFacts): Promise<Me> {
    if (!session.userId) throw new Unauthenticated();
    return { user: await this.users.viewOf(session.userId), csrfToken: this.sessions.csrfTokenOf(session) };
  }

  async update(session: SessionFacts, input: UpdateProfile): Promise<Me> {
    return { user: await this.users.updateProfile(session, input), csrfToken: this.sessions.csrfTokenOf(session) };
  }
}
