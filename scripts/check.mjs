// npm run check: everything that needs no server.
import './project.mjs';
import { runStaticChecks, runSuites, runTests } from './checks.mjs';
import { main } from './processes.mjs';

await main(() => runSuites([runStaticChecks, () => runTests(['unit'])]));
