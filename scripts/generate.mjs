// npm run generate: writes the files that are made from the code and checked in; fails when that changed any.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { node24, root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { Failure, main, run } from './processes.mjs';

const folder = join(root, 'docs/generated');

/** Every generated file by name, with its text. */
function generatedFiles() {
  const names = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return new Map(
    [...names, join(root, '.env.example')].filter(existsSync).map((file) => [file, readFileSync(file, 'utf8')]),
  );
}

await main(async () => {
  await buildIfChanged();
  const before = generatedFiles();
  await run(node24(), ['--enable-source-maps', 'dist/generate.js'], { cwd: root });
  const changed = [...generatedFiles()]
    .filter(([file, text]) => before.get(file) !== text)
    .map(([file]) => file.slice(root.length));
  if (changed.length > 0) throw new Failure(`written anew from the code, commit it: ${changed.join(', ')}`);
});
