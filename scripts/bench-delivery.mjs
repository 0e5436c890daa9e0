// npm run bench:delivery [-- --repetitions 5 --seconds 6 --pairs 100 --rates 1000,5000 --idle 5000]: writes bench/results.md.
import './project.mjs';
import { main } from './processes.mjs';
import { runTypescript } from './run-typescript.mjs';

await main(() => runTypescript('bench/delivery/main.ts'));
