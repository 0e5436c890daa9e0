// npm test: the checks and every suite, on servers of their own.
import './project.mjs';
import { runStaticChecks, runSuites, runTests } from './checks.mjs';
import { main } from './processes.mjs';

await main(() => runSuites([runStaticChecks, () => runTests()]));
