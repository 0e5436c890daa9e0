import { ENV_SCHEMA } from './env.schema.js';
import { SAMPLE_SECRET } from './secret-keys.js';

/** What a deployment must think about is shown set; the rest is commented out with its default. */
const SHOWN: Record<string, string> = {
  DATABASE_URL: 'postgres://stoa:secret@localhost:5432/stoa',
  REDIS_URL: 'redis://localhost:6379',
  SECRET_KEYS: `k1:${SAMPLE_SECRET}`,
};

/** The text of `.env.example`: every setting with its meaning, unit and default. */
export function renderEnvExample(): string {
  const entries = Object.entries(ENV_SCHEMA).map(([key, setting]) => {
    const value = 'default' in setting ? String(setting.default) : (SHOWN[key] ?? '');
    return `# ${setting.description}\n#${key}=${value}\n`;
  });
  return `# Settings of Stoa. Copy to .env of your deployment and set what differs; nothing here is needed for npm start.\n\n${entries.join('\n')}`;
}
