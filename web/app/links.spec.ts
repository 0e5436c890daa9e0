import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLinks } from './links.js';

const urls = (text: string): string[] => splitLinks(text).flatMap((piece) => ('url' in piece ? [piece.url] : []));

describe('splitLinks', () => {
  it('finds addresses in a sentence, without what ends the sentence', () => {
    expect(splitLinks('see https://example.org/a?b=c. And http://x.gr!')).toEqual([
      { text: 'see ' },
      { text: 'https://example.org/a?b=c', url: 'https://example.org/a?b=c' },
      { text: '. And ' },
      { text: 'http://x.gr', url: 'http://x.gr/' },
      { text: '!' },
    ]);
  });

  it('keeps a bracket that the address opened', () => {
    expect(urls('(https://a.org/Stoa_(disambiguation))')).toEqual(['https://a.org/Stoa_(disambiguation)']);
    expect(urls('(https://a.org/b)')).toEqual(['https://a.org/b']);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://a.org', 'www.example.org', 'https://', '//evil.org'])(
    'leaves %s as text',
    (text) => {
      expect(urls(text)).toEqual([]);
    },
  );

  it('shows where an address with a user name really leads', () => {
    expect(new URL(urls('https://stoa.example@evil.example/')[0] ?? '').host).toBe('evil.example');
  });

  it('loses nothing of any text, and opens only http and https', () => {
    const anyText = fc.array(fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('https://', ')', ' ', '.')), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(anyText, (parts) => {
        const text = parts.join('');
        expect(
          splitLinks(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(text);
        for (const url of urls(text)) expect(url).toMatch(/^https?:\/\//);
      }),
    );
  });

  it('takes no more than a moment for the longest text', () => {
    const started = performance.now();
    splitLinks('https://' + '.)'.repeat(4_000));
    splitLinks('https://x'.repeat(1_000));
    expect(performance.now() - started).toBeLessThan(100);
  });
});
