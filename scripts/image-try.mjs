// npm run image:try: what the Dockerfile says, done without an engine: its stages are built and its roles are started as deploy/compose.yml says,
// as containers that the kernel makes. Needs root, overlayfs, debootstrap and a way to the registry of npm; docs/deployment.md tells what it shows.
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';
import { imageFolder } from './image/base.mjs';
import { buildStages } from './image/build.mjs';
import { checkFiles, checkHeld, checkProcess } from './image/checks.mjs';
import { readCompose } from './image/compose.mjs';
import { startContainer } from './image/container.mjs';
import { environmentOf, folderOf, readDockerfile } from './image/dockerfile.mjs';
import { Failure, main, pause } from './processes.mjs';
import { step } from './progress.mjs';
import { Bot } from './scale/bot.mjs';
import { startPostgres } from './services/postgres.mjs';
import { startRedis } from './services/redis.mjs';
import { freePort } from './services/server.mjs';

const origin = 'https://localhost';
const readyDeadlineMs = 60_000;
const say = (text) => console.log(`  seen: ${text}`);

function expect(what, seen, wanted) {
  if (seen !== wanted) throw new Failure(`${what}: ${seen}, not ${wanted}`);
  say(`${what}: ${seen}`);
}

/** What an operator writes into deploy/.env, for stores on this machine. */
const given = (postgresUrl) => ({
  PUBLIC_ORIGIN: origin,
  POSTGRES_PASSWORD: new URL(postgresUrl).password,
  POSTGRES_PROCESS_PASSWORD: randomBytes(24).toString('hex'),
  SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  CERTIFICATES: '/etc/stoa/certificates',
  GRAFANA_PASSWORD: randomBytes(12).toString('hex'),
});

/** The settings of a service: those of compose.yml, with the ports that are free here. The names of the stores are in /etc/hosts. */
async function settingsOf({ environment }, { postgres, redis }) {
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
  for (const [name, { port }] of [
    ['DATABASE_URL', new URL(postgres.url)],
    ['MIGRATION_DATABASE_URL', new URL(postgres.url)],
    ['REDIS_URL', new URL(redis.url)],
  ])
    if (env[name]) env[name] = Object.assign(new URL(env[name]), { port }).href;
  return { ...env, PORT: String(await freePort()), METRICS_PORT: String(await freePort()) };
}

/** Containers of the image, as the services of compose.yml. */
function containersOf({ image, layers, folder, services, stores }) {
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, '127.0.0.1 localhost postgres redis\n');
  return async (role, { without = '', command = services[role].command } = {}) => {
    const service = services[role];
    const settings = await settingsOf(service, stores);
    delete settings[without];
    const place = { layers, work: join(folder, 'work'), tmpfs: service.tmpfs, binds: [`${hosts}:/etc/hosts`] };
    if (!service.read_only) throw new Failure(`compose.yml gives ${role} a root that can be written to`);
    const log = join(folder, `${role}.log`);
    const container = startContainer(place, {
      user: image.user,
      folder: folderOf(image),
      env: { ...environmentOf(image), ...settings },
      command: [...image.entrypoint, ...command],
      log: openSync(log, 'a'),
    });
    return { ...container, role, service, settings, log: () => readFileSync(log, 'utf8') };
  };
}

async function ready({ role, settings, log, exited }) {
  let ended = false;
  void exited.then(() => (ended = true));
  const url = `http://127.0.0.1:${settings.METRICS_PORT}/health/ready`;
  for (const begun = Date.now(); ; await pause(100)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return expect(`${role} says`, (await answer.json()).status, 'ready');
    if (ended || Date.now() - begun > readyDeadlineMs)
      throw new Failure(`${role} did not start\n${log().slice(-2_000)}`);
  }
}

/** The health check of compose.yml, inside, on the port that this one has. */
async function healthCheck({ role, service, settings, ask }) {
  const [, ...words] = service.healthcheck.test;
  const onItsPort = (word) =>
    word.replace(':3000/', `:${settings.PORT}/`).replace(':9464/', `:${settings.METRICS_PORT}/`);
  await ask(words.map(onItsPort));
  say(`the health check of ${role}, run inside, ends with 0`);
}

async function talk({ settings }) {
  const [ada, bob] = [1, 2].map(() => new Bot(`http://localhost:${settings.PORT}`, origin));
  for (const bot of [ada, bob]) {
    await bot.enrol();
    await bot.connect();
  }
  const waited = await Promise.all([ada.meet(), bob.meet()]);
  const heard = new Promise((resolve) => bob.socket.once('message:new', resolve));
  const ackMs = await ada.say('from one container to another');
  expect('the partner gets', (await heard).text, 'from one container to another');
  say(`a pair met after ${Math.max(...waited).toFixed(0)} ms, an acknowledgement took ${ackMs.toFixed(0)} ms`);
  for (const bot of [ada, bob]) bot.leave();
}

async function refusals(run) {
  const missing = await run('api', { without: 'SECRET_KEYS' });
  expect('without SECRET_KEYS the exit code is', await missing.exited, 78);
  expect('its last words are', missing.log().trim().split('\n').at(-1)?.slice(0, 18), 'stoa: SECRET_KEYS ');
  expect('with a wrong role it is', await (await run('worker', { command: ['wroker'] })).exited, 78);
}

async function endWell({ role, service, end, log }, signal) {
  const { code, ms } = await end(signal);
  expect(`${role} ends after ${signal} with`, code, 0);
  const grace = Number.parseInt(service.stop_grace_period, 10) * 1_000;
  if (ms > grace) throw new Failure(`${role} took ${ms} ms to end, over the grace of ${grace} ms`);
  say(`that took ${ms.toFixed(0)} ms of the ${grace} ms of grace`);
  expect(`times that its log tells of a root that is read-only`, log().match(/EROFS|EACCES/g)?.length ?? 0, 0);
}

await main(async () => {
  if (process.getuid?.() !== 0) throw new Failure('mounts and users of their own need root');
  const folder = join(imageFolder, 'run');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stages = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  const image = stages.at(-1);
  const layers = await buildStages(stages, folder);
  checkFiles({ layers, image, say });
  const settings = ['fsync=on', 'full_page_writes=on']; // as production wants it
  const [postgres, redis] = await Promise.all([startPostgres({ fresh: true, settings }), startRedis({ fresh: true })]);
  const { services } = readCompose(given(postgres.url));
  const run = containersOf({ image, layers, folder, services, stores: { postgres, redis } });
  await refusals(run);
  expect('migrate ends with', await step('migrate', async () => (await run('migrate')).exited), 0);
  const containers = [await run('api'), await run('worker')];
  for (const container of containers) await ready(container);
  for (const container of containers) {
    await healthCheck(container);
    await checkProcess(container, { image, say });
  }
  await talk(containers[0]);
  for (const container of containers) await checkHeld(container, { say });
  for (const container of containers) await endWell(container, image.stopSignal);
  expect('mounts that are left', readFileSync('/proc/self/mountinfo', 'utf8').includes(folder), false);
  rmSync(folder, { recursive: true });
  console.log(
    `\nThe image of the Dockerfile was built and ran (${readdirSync(imageFolder).join(', ')} stay in .data/image).`,
  );
});
