// npm run faults [-- --seeds 3 --faults 10 --row "api kill" --mutants | --url https://…]: see docs/faults.md.
import './project.mjs';
import { main } from './processes.mjs';
import { runTypescript } from './run-typescript.mjs';

await main(() => runTypescript('test/faults/main.ts'));
