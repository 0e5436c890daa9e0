import { useState } from 'preact/hooks';
import type { Profile } from '../../src/contracts/profile.dto.js';
import type { User } from '../../src/contracts/state.dto.js';
import type { Snapshot } from '../client/snapshot.js';
import { FailureNote } from './failure-note.js';
import { useLanguage } from './language.js';
import { languageName } from './languages.js';
import { remember, remembered } from './local-memory.js';
import { Colonnade } from './logo.js';
import { Page } from './page.js';
import { ProfileForm } from './profile-form.js';
import { stranger, useAction } from './use-stranger.js';

/** A whole profile as a change: what is absent in it is taken away. */
const asChange = (profile: Profile) => ({
  ...profile,
  nickname: profile.nickname ?? null,
  gender: profile.gender ?? null,
});

/** Whoever registered without having been a guest has yet to say who they are, and that they are an adult. */
const isUntold = ({ kind, profile }: User): boolean =>
  kind === 'member' &&
  remembered('profile') === undefined &&
  profile.nickname === undefined &&
  profile.interests.length === 0 &&
  profile.seeks === undefined;

const isOnline = ({ connection, phase }: Snapshot): boolean => connection === 'online' && phase !== 'unknown';

const ProfileSummary = ({ profile }: { profile: Profile }) => {
  const { t, language } = useLanguage();
  const languages = profile.languages.map((tag) => languageName(tag, language)).join(', ');
  const facts = [t.ageBand(profile.ageBand), profile.gender && t.gender[profile.gender], languages];
  return (
    <>
      <p>{facts.filter(Boolean).join(' · ')}</p>
      {profile.interests.length > 0 && (
        <ul class="chips">
          {profile.interests.map((interest) => (
            <li key={interest}>{interest}</li>
          ))}
        </ul>
      )}
    </>
  );
};

/** Somebody who was here before: one click. */
const Ready = ({ user, onChange }: { user: User; onChange(): void }) => {
  const { t } = useLanguage();
  const { run, busy, failure } = useAction(async () => {
    await stranger.until(isOnline);
    await stranger.startSearch();
  });
  return (
    <div class="card ready">
      <p>{t.arrive.readyLead}</p>
      <ProfileSummary profile={user.profile} />
      <FailureNote code={failure} />
      <div class="buttons">
        <button type="button" class="primary large" disabled={busy} onClick={() => run()}>
          {busy ? t.loading : t.arrive.go}
        </button>
        <button type="button" class="quiet" onClick={onChange}>
          {t.arrive.change}
        </button>
      </div>
    </div>
  );
};

/** The first screen: the form for somebody new, one button for somebody known. */
export const ArriveScreen = ({ user }: { user: User | undefined }) => {
  const { t } = useLanguage();
  const [isChanging, setChanging] = useState(false);
  const { run, busy, failure } = useAction(async (profile: Profile) => {
    remember('profile', profile);
    if (user) await stranger.updateProfile(asChange(profile));
    else await stranger.arrive(profile);
    await stranger.until(isOnline);
    await stranger.startSearch();
  });
  const asksAll = !user || isUntold(user);
  const isReady = user !== undefined && !asksAll && !isChanging;
  const name = user?.profile.nickname;
  const welcome = name ? t.arrive.welcomeBack(name) : t.arrive.welcomeBackNameless;
  return (
    <Page title={user ? welcome : t.arrive.title} tabTitle={t.brand.tagline} class="arrive">
      <Colonnade />
      {!user && <p class="lead">{t.arrive.lead}</p>}
      {isReady ? (
        <Ready user={user} onChange={() => setChanging(true)} />
      ) : (
        <ProfileForm
          profile={user?.profile ?? remembered<Profile>('profile')}
          asksAdult={asksAll}
          submitLabel={user ? t.arrive.save : t.arrive.go}
          busy={busy}
          onSubmit={run}
        >
          <FailureNote code={failure} />
        </ProfileForm>
      )}
    </Page>
  );
};
