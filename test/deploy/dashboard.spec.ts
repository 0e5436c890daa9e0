import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namesOf } from '../support/promql.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { custom?: object; thresholds?: object } };
  targets?: { refId: string; expr: string }[];
}

const { panels } = JSON.parse(readFileSync('deploy/grafana/stoa.json', 'utf8')) as { panels: Panel[] };
const titled = (title: string): Panel => {
  const found = panels.find((panel) => panel.title === title);
  if (!found) throw new Error(`no panel ${title}`);
  return found;
};
const shown = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

describe('the panels of the dashboard', () => {
  it('have a number each, and letters within', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { targets = [] } of panels) expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  });

  it('lie side by side, none over another or over the edge', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  // A shard with three people would count as much as one with a thousand.
  it.each(shown)('%s takes no average of averages: %s', (_, expr) => {
    expect(expr).not.toMatch(/\bavg\b/);
  });

  it('show the match rate by searches, whichever shard they were in', () => {
    const [first] = titled('Match rate by class').targets ?? [];
    expect(namesOf(first?.expr ?? '')).toMatchObject({ metrics: ['stoa_matching_searches_ended_total'] });
    expect(namesOf(first?.expr ?? '').labels).not.toContain('shard');
  });

  it('show how late each class of rows is by what it may be, with a line where the alert comes', () => {
    const { targets = [], fieldConfig } = titled('Retention: outlived');
    expect(targets.map(({ expr }) => expr)).toEqual([
      'max by (class) (stoa_retention_overdue_seconds) / max by (class) (stoa_retention_within_seconds)',
    ]);
    expect(fieldConfig?.defaults).toMatchObject({
      custom: { thresholdsStyle: { mode: 'line' } },
      thresholds: { mode: 'absolute', steps: [{ value: null }, { value: 1 }] },
    });
  });

  it('do not mix how large batches are with how often they are made again', () => {
    const metricsOf = (title: string) => titled(title).targets?.flatMap(({ expr }) => namesOf(expr).metrics);
    expect(metricsOf('Batch size')).toEqual([
      'stoa_chat_append_batch_messages_sum',
      'stoa_chat_append_batch_messages_count',
    ]);
    expect(metricsOf('Appends made again')).toEqual(['stoa_chat_append_retries_total']);
  });
});
