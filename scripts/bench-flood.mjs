// npm run bench:flood [-- --repetitions 8 --seconds 5 --pairs 50 --rate 200 --attackers 48]: writes bench/results.md.
import './project.mjs';
import { main } from './processes.mjs';
import { runTypescript } from './run-typescript.mjs';

await main(() => runTypescript('bench/flood/main.ts'));
