import { refuse } from './refuse.js';

// The one entry of the image: node dist/stoa.js api | worker | migrate.

const roles: Record<string, () => Promise<unknown>> = {
  api: () => import('./main.js'),
  worker: () => import('./worker.js'),
  migrate: () => import('./migrate.js'),
};

const [name = '', ...rest] = process.argv.slice(2);
const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
if (!role || rest.length > 0) refuse([`the command is one of ${Object.keys(roles).join(', ')}`]);
await role?.();
