/** What a PromQL expression names. Enough for checked-in rules and dashboards, no parser. */
interface Names {
  metrics: string[];
  labels: string[];
}

const WORDS = new Set([
  'and',
  'or',
  'unless',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
  'by',
  'without',
]);

/** Metrics and labels that an expression names; labels from matchers and from groupings. */
export function namesOf(expression: string): Names {
  const labels: string[] = [];
  const bare = expression
    .replaceAll(/\{([^}]*)\}/g, (_, matchers: string) => {
      labels.push(...[...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((found) => found[1] ?? ''));
      return ' ';
    })
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_, list: string) => {
      labels.push(...list.split(',').map((label) => label.trim()));
      return ' ';
    })
    .replaceAll(/\[[^\]]*\]/g, ' ');
  const words = [...bare.matchAll(/(?<![\w.])([a-zA-Z_]\w*)(?!\w)(?!\s*\()/g)].map((found) => found[1] ?? '');
  return { metrics: [...new Set(words.filter((word) => !WORDS.has(word)))], labels: [...new Set(labels)] };
}

/** A label that an expression holds to values. */
export interface Matcher {
  metric: string;
  label: string;
  /** Regular expressions, each for a whole value. */
  values: string[];
}

/** What the matchers of an expression ask for, whether they want it or not. */
export function matchersOf(expression: string): Matcher[] {
  return [...expression.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, metric = '', matchers = '']) =>
    [...matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', operator = '', value = '']) => ({
      metric,
      label,
      values: operator.endsWith('~') ? value.split('|') : [value.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)],
    })),
  );
}

/** The values of each `metric{label}` that processes serve at `/metrics`. */
export function valuesServed(texts: readonly string[]): Map<string, Set<string>> {
  const served = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of texts.join('\n').matchAll(/^(\w+)\{(.*)\} /gm))
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      const key = `${name}{${label}}`;
      served.set(key, (served.get(key) ?? new Set()).add(value));
    }
  return served;
}

/** What processes serve at `/metrics`: the labels of each name that a query may use. A metric that was never touched has none. */
export function namesServed(texts: readonly string[]): Map<string, Set<string>> {
  const served = new Map<string, Set<string>>();
  const labelsOf = (name: string): Set<string> => served.get(name) ?? served.set(name, new Set()).get(name)!;
  for (const line of texts.join('\n').split('\n')) {
    const [, typed = '', type] = /^# TYPE (\w+) (\w+)/.exec(line) ?? [];
    if (typed)
      for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) labelsOf(typed + suffix);
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name) for (const found of labels.matchAll(/(\w+)="/g)) labelsOf(name).add(found[1] ?? '');
  }
  return served;
}
