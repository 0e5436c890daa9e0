import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Path } from './paths.js';

const MOVED = 'stoa:moved';

/**
 * The one-time token of a mail link (`/confirm#token=…`). Read once, when the page opens, and taken out of the address
 * bar and the history at that moment.
 */
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);

export const linkToken = token === '' ? null : token;

export const navigate = (path: Path): void => {
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
  to: Path;
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
