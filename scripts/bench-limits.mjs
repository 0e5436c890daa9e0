// npm run bench:limits [-- --repetitions 8 --seconds 6 --pairs 200 --rate 1000]: writes bench/results.md.
import './project.mjs';
import { main } from './processes.mjs';
import { runTypescript } from './run-typescript.mjs';

await main(() => runTypescript('bench/limits/main.ts'));
