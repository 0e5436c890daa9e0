import { loadConfig, notAccepted } from './boot.js';
import { inspectDatabase } from './platform/postgres/boot-check.js';
import { migrate } from './platform/postgres/migrator.js';
import { refuse } from './refuse.js';
import { isHopeless } from './store-patience.js';

// Brings the schema up to date, says what it did, and ends.
const { database } = loadConfig();
try {
  const ran = await migrate(database.migrationUrl, database.url);
  process.stdout.write(ran.length > 0 ? `stoa: ran ${ran.join(', ')}\n` : 'stoa: the schema is up to date\n');
  // As the processes will: a user of theirs who may not come in is told here, before the roll-out.
  const { roleFaults } = await inspectDatabase(database.url, true);
  for (const fault of roleFaults) process.stderr.write(`stoa: production will not start: ${fault}\n`);
} catch (error) {
  if (isHopeless(error)) refuse([notAccepted('Postgres', error)]);
  process.stderr.write(`stoa: the migration failed: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
