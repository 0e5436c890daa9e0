import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** The first screen does not take the focus: nobody has moved yet. */
let isFirst = true;

interface PageProps {
  title: string;
  /** For the tab, where it differs from the heading. */
  tabTitle?: string;
  class?: string;
  children: ComponentChildren;
}

/** A screen: names the tab, and takes the focus to its heading, so that a screen reader tells where one is now. */
export const Page = ({ title, tabTitle = title, class: className = '', children }: PageProps) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isFirst) heading.current?.focus();
    isFirst = false;
  }, []);
  useEffect(() => {
    document.title = `${tabTitle} · Stoa`;
  }, [tabTitle]);
  return (
    <main id="content" class={`page ${className}`}>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
};
