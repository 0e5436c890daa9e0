import { createContext } from 'preact';
import type { ComponentChildren } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { el } from './messages.el.js';
import { en } from './messages.en.js';
import type { Catalogue } from './messages.en.js';
import { remember, remembered } from './local-memory.js';

/** Every language that the client speaks, with its texts. */
export const CATALOGUES = { en, el } as const satisfies Record<string, Catalogue>;

export type Language = keyof typeof CATALOGUES;
export const LANGUAGES = Object.keys(CATALOGUES) as Language[];

const isLanguage = (tag: string | undefined): tag is Language => tag !== undefined && tag in CATALOGUES;

/** The first of a browser's languages that the client speaks; English when it speaks none. */
export const guessLanguage = (tags: readonly string[]): Language =>
  tags.map((tag) => tag.split('-', 1)[0]).find(isLanguage) ?? 'en';

interface LanguageChoice {
  language: Language;
  t: Catalogue;
  choose(language: Language): void;
}

const LanguageContext = createContext<LanguageChoice>({ language: 'en', t: en, choose: () => undefined });

export const LanguageProvider = ({ children }: { children: ComponentChildren }) => {
  const [language, setLanguage] = useState<Language>(() => {
    const chosen = remembered<string>('language');
    return isLanguage(chosen) ? chosen : guessLanguage(navigator.languages);
  });
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language) => {
    remember('language', chosen);
    setLanguage(chosen);
  };
  return (
    <LanguageContext.Provider value={{ language, t: CATALOGUES[language], choose }}>
      {children}
    </LanguageContext.Provider>
  );
};

/** The present language, its texts, and the way to change it. */
export const useLanguage = (): LanguageChoice => useContext(LanguageContext);
