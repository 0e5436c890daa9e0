import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Store } from '../client/store.js';
import type { ClientPath } from '../../src/contracts/client-paths.js';

const MOVED = 'stoa:moved';

/** The one-time token of a mail link (`/confirm#token=…`), and the page that it belongs to. */
const linkToken = new Store<{ path: string; token: string } | undefined>(undefined);

/** Takes a token out of the address bar and the history the moment it appears there. */
const takeToken = (): void => {
  if (location.hash === '') return;
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) linkToken.update(() => ({ path: location.pathname, token }));
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
};
takeToken();
addEventListener('hashchange', takeToken);

/** The token that this page was opened with; undefined when there was none, or it was let go. */
export const useLinkToken = (): string | undefined => {
  const [held, setHeld] = useState(linkToken.getSnapshot);
  useEffect(() => linkToken.subscribe(() => setHeld(linkToken.getSnapshot())), []);
  return held?.path === location.pathname ? held.token : undefined;
};

/** The token is used, or of no use. */
export const dropLinkToken = (): void => linkToken.update(() => undefined);

export const navigate = (path: ClientPath): void => {
  if (location.pathname === path) return;
  history.pushState(null, '', path);
  scrollTo(0, 0);
  dispatchEvent(new Event(MOVED));
};

/** The path that is shown; changes with `navigate` and with the browser's own back and forward. */
export const usePath = (): string => {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const read = () => setPath(location.pathname);
    addEventListener('popstate', read);
    addEventListener(MOVED, read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener(MOVED, read);
    };
  }, []);
  return path;
};

interface PageLinkProps {
  to: ClientPath;
  class?: string;
  /** Its name for screen readers, where its content is not enough. */
  label?: string;
  children: ComponentChildren;
}

/** A link within the client; with a modifier key or another button it is the browser's own. */
export const PageLink = ({ to, class: className, label, children }: PageLinkProps) => (
  <a
    href={to}
    class={className}
    aria-label={label}
    aria-current={location.pathname === to ? 'page' : undefined}
    onClick={(event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      navigate(to);
    }}
  >
    {children}
  </a>
);
