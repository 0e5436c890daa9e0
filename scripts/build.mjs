// npm run build
import './project.mjs';
import { build } from './dist.mjs';
import { install } from './install.mjs';
import { main } from './processes.mjs';

await main(async () => {
  await install();
  await build();
});
