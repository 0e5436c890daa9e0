import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** What is replaced, once, and by what. */
export interface Replacement {
  from: string;
  to: string;
}

/** A change of a compiled file. */
export interface Change extends Replacement {
  file: string;
}

/** A copy of the build with a change, beside `dist` so that its paths hold. @returns its folder */
export function changedBuild(name: string, change: Change, dist = 'dist'): string {
  const folder = `dist-${name}-${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  cpSync(dist, folder, { recursive: true });
  const file = `${folder}/${change.file}`;
  writeFileSync(file, replaceOnce(readFileSync(file, 'utf8'), change));
  return folder;
}

export const removeBuild = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** @throws when the text does not fit any more */
export function replaceOnce(text: string, { from, to }: Replacement): string {
  if (text.split(from).length !== 2) throw new Error(`this change does not fit the code any more: ${from}`);
  return text.replace(from, () => to);
}
