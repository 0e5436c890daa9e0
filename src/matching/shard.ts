/** Languages whose speakers wait together, apart from everybody else. */
export interface LanguageCluster {
  /** Letters and digits: part of Redis keys and metric labels. */
  readonly shard: string;
  readonly languages: readonly string[];
}

/** Where everybody waits whose first language is in no cluster. */
const REST = 'all';

/**
 * The clusters of this deployment. None: one shard carries 4,000 searches a second, and nobody is ever apart from somebody
 * they could talk to. A deployment that outgrows it names its largest languages here.
 */
export const LANGUAGE_CLUSTERS: readonly LanguageCluster[] = [];

/** The one shard of a search: the cluster of its best language, else that of all the others. */
export function shardOf(
  languages: readonly string[],
  clusters: readonly LanguageCluster[] = LANGUAGE_CLUSTERS,
): string {
  return clusters.find((cluster) => cluster.languages.includes(languages[0] ?? ''))?.shard ?? REST;
}

/** Every shard there is. */
export function allShards(clusters: readonly LanguageCluster[] = LANGUAGE_CLUSTERS): string[] {
  return [...clusters.map((cluster) => cluster.shard), REST];
}
