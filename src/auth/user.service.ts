import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CreateGuest, Profile, UpdateProfile } from '../contracts/profile.dto.js';
import type { StartSearch } from '../contracts/socket-requests.dto.js';
import type { User } from '../contracts/state.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { Database } from '../platform/postgres/database.js';
import { ProfileChanged } from './auth.events.js';
import { Unauthenticated } from './auth.errors.js';
import { normaliseProfile } from './profile-normaliser.js';
import { SessionService } from './session.service.js';
import type { SessionFacts, Visitor } from './session.types.js';
import { SignedIn } from './auth.types.js';
import { UserRepository } from './user.repository.js';

/** People and what they say about themselves. */
@Injectable()
export class UserService {
  private readonly loader: BatchLoader<string, User>;

  constructor(
    private readonly repository: UserRepository,
    private readonly sessions: SessionService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly events: DomainEvents,
  ) {
    this.loader = new BatchLoader((ids) => this.repository.findByIds(ids));
  }

  /**
   * The user as they see themselves.
   * @throws Unauthenticated when the user has been erased
   */
  async viewOf(userId: string): Promise<User> {
    const user = await this.loader.get(userId);
    if (!user) throw new Unauthenticated();
    return user;
  }

  /** @throws Unauthenticated when the user has been erased */
  async profileOf(userId: string): Promise<Profile> {
    return (await this.viewOf(userId)).profile;
  }

  /** The profile as one search sees it: what the wish names replaces what the profile says. */
  async wishOf(userId: string, wish: StartSearch): Promise<Profile> {
    const { seeks, ...others } = normaliseProfile(wish);
    return mergeProfile(await this.profileOf(userId), { ...others, ...(seeks ? { seeks } : {}) });
  }

  /** Makes a guest of an adult and signs them in. */
  async createGuest(visitor: Visitor, { adult: _, ...input }: CreateGuest): Promise<SignedIn> {
    const profile = withoutNulls(normaliseProfile<Profile>(input));
    const id = randomUUID();
    const opened = await this.database.transaction(async (transaction) => {
      await this.repository.insertGuest(transaction, id, profile);
      await this.audit.append(transaction, { event: 'guest.create', actor: id });
      return this.sessions.open(transaction, { id, kind: 'guest' }, visitor);
    });
    this.sessions.announceReplaced(visitor);
    return new SignedIn({ id, kind: 'guest', profile }, opened);
  }

  /** What is present replaces, what is absent stays; `null` removes nickname, gender or seeks. */
  async updateProfile(session: SessionFacts, input: UpdateProfile): Promise<User> {
    const change = normaliseProfile(input);
    const user = await this.database.transaction(async (transaction) => {
      const locked = session.userId && (await this.repository.lock(transaction, session.userId));
      if (!locked) throw new Unauthenticated();
      const profile = mergeProfile(locked.profile, change);
      await this.repository.updateProfile(transaction, locked.id, profile);
      await this.audit.append(transaction, { event: 'profile.change' });
      return { ...locked, profile };
    });
    this.events.publish(new ProfileChanged(user.id));
    return user;
  }
}

/** Arrays and texts that are absent or null stay; nickname, gender and seeks may be removed. */
function mergeProfile(profile: Profile, change: UpdateProfile): Profile {
  const { ageBand, languages, interests, ...removable } = change;
  return withoutNulls({
    ...profile,
    ...(ageBand ? { ageBand } : {}),
    ...(languages ? { languages } : {}),
    ...(interests ? { interests } : {}),
    ...removable,
  } as Profile);
}

/** Absent instead of null or empty: the contract's form. */
function withoutNulls(profile: Profile): Profile {
  const entries = Object.entries(profile).filter(([key, value]) => {
    const isEmpty = key === 'seeks' && value && Object.keys(value).length === 0;
    return value !== null && value !== undefined && !isEmpty;
  });
  return Object.fromEntries(entries) as unknown as Profile;
}
