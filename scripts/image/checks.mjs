// What an image and its processes must keep to. Each check throws where that is not so, and says what it saw.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../processes.mjs';
import { root } from '../project.mjs';
import { folderOf } from './dockerfile.mjs';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Paths of the packages that lie below a node_modules, nested ones too: as the lock file names them. */
function packagesBelow(folder, prefix = 'node_modules') {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  const full = names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  return full.flatMap((name) => {
    const nested = join(folder, name, 'node_modules');
    const path = `${prefix}/${name}`;
    return [path, ...(existsSync(nested) ? packagesBelow(nested, `${path}/node_modules`) : [])];
  });
}

/** The files of the image: what runs, and of the packages those that the lock file wants in production, no more and no fewer. */
export function checkFiles({ layers: [own], image, say }) {
  const app = join(own, folderOf(image));
  const { packages } = readJson(join(root, 'package-lock.json'));
  const wanted = Object.keys(packages).filter(
    (path) => path !== '' && !packages[path].dev && !packages[path].optional && !packages[path].devOptional,
  );
  const present = packagesBelow(join(app, 'node_modules'));
  const odd = present.filter((path) => !wanted.includes(path));
  const missing = wanted.filter((path) => !present.includes(path) && !packages[path].peer);
  if (odd.length + missing.length > 0)
    throw new Failure(
      `the image's packages: ${odd.join(', ') || 'none'} too many, ${missing.join(', ') || 'none'} missing`,
    );
  const dev = Object.values(packages).filter((entry) => entry.dev).length;
  say(`${present.length} packages in the image, none of the ${dev} of development and none that is optional`);
  say(`in ${folderOf(image)}: ${readdirSync(app).toSorted().join(', ')}`);
  const elsewhere = readdirSync(own).filter((name) => `/${name}` !== folderOf(image));
  if (elsewhere.length > 0) throw new Failure(`the last stage also wrote ${elsewhere.join(', ')}`);
}

const fieldsOf = (text) => Object.fromEntries(text.split('\n').map((line) => line.split(/:\s+/)));

/** Whom the process is and what it may do. */
export async function checkProcess({ role, service, pid, ask }, { image, say }) {
  const process = await pid();
  const status = fieldsOf(readFileSync(`/proc/${process}/status`, 'utf8'));
  const ids = `${status.Uid?.split('\t')[1]}:${status.Gid?.split('\t')[1]}`;
  if (ids !== image.user || status.Groups?.trim()) throw new Failure(`${role} runs as ${ids}, groups ${status.Groups}`);
  const powers = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].filter((set) => !/^0+$/.test(status[set] ?? ''));
  if (powers.length > 0 || status.NoNewPrivs !== '1') throw new Failure(`${role} has ${powers.join(', ')}`);
  if (status.NSpid?.split('\t').at(-1) !== '1') throw new Failure(`${role} is not process 1`);
  say(`${role} is process 1, user ${ids}, without groups, capabilities or a way to new ones`);
  await checkMounts({ role, service, ask }, say);
}

/** Where it could write: the tmpfs of compose.yml, and nowhere else, even as root. */
async function checkMounts({ role, service, ask }, say) {
  const mounts = (await ask(['cat', '/proc/self/mounts']))
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const writable = mounts.filter(([, , , options]) => options?.split(',')[0] === 'rw').map(([, place]) => place);
  const allowed = ['/proc', ...service.tmpfs, '/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom'];
  const odd = writable.filter((place) => !allowed.includes(place));
  if (odd.length > 0) throw new Failure(`${role} could write to ${odd.join(', ')}`);
  const tries = [
    '/app/x',
    '/x',
    '/etc/x',
    '/var/tmp/x',
    '/home/node/x',
    '/dev/x',
    '/etc/hosts',
    ...service.tmpfs.map((t) => `${t}/x`),
  ];
  const script = 'for file; do if (: >>"$file") 2>/dev/null; then echo "$file"; fi; done';
  for (const as of [undefined, 'root']) {
    const written = (await ask(['sh', '-c', script, 'sh', ...tries], as ? { as } : {})).trim();
    if (written !== service.tmpfs.map((t) => `${t}/x`).join('\n'))
      throw new Failure(`in ${role}, ${as ?? 'its user'} wrote to ${written || 'nothing, not even its tmpfs'}`);
  }
  for (const folder of service.tmpfs) await ask(['rm', `${folder}/x`], { as: 'root' });
  say(`${role}: its user and even root in there can write to ${service.tmpfs.join(', ')} and nowhere else`);
}

/** What it has written until now. */
export async function checkHeld({ role, service, ask }, { say }) {
  const files = (await ask(['find', ...service.tmpfs, '-mindepth', '1'])).trim();
  say(`${role} has written: ${files.replaceAll('\n', ', ') || 'nothing'}`);
}
