import { Injectable } from '@nestjs/common';
import type { CsrfToken } from '../contracts/http.dto.js';
import { PreSessionOpened } from './auth.types.js';
import { SessionService } from './session.service.js';
import type { Visitor } from './session.types.js';

/** CSRF tokens for whoever asks. */
@Injectable()
export class CsrfService {
  constructor(private readonly sessions: SessionService) {}

  async tokenFor({ session, client }: Visitor): Promise<CsrfToken | PreSessionOpened> {
    if (session) return { csrfToken: this.sessions.csrfTokenOf(session) };
    return new PreSessionOpened(await this.sessions.openPreSession(client));
  }
}
