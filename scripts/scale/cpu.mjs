// CPU time that a deployment has used so far (s), by kind of process.
import { readFileSync, readdirSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import pg from 'pg';

/** Ticks of /proc per second, on every Linux. */
const ticks = 100;

function statOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    const [own, ofEnded] = [fields.slice(11, 13), fields.slice(13, 15)].map(
      (pair) => (Number(pair[0]) + Number(pair[1])) / ticks,
    );
    return { parent: Number(fields[1]), own, ofEnded };
  } catch {
    return { parent: 0, own: 0, ofEnded: 0 }; // ended meanwhile
  }
}

/** The CPU time of Postgres: the postmaster, which has taken over that of its ended children, and those that live. */
async function openPostgres(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const postmaster = statOf(rows[0].pid).parent;
  const read = () => {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const family = pids.map(statOf).filter(({ parent }) => parent === postmaster);
    const { own, ofEnded } = statOf(postmaster);
    return family.reduce((sum, process) => sum + process.own, own + ofEnded);
  };
  return { read, close: () => client.end() };
}

function openRedis(url) {
  const urls = url.split(',');
  const client = urls.length > 1 ? new Cluster(urls) : new Redis(url);
  const secondsOf = async (node) => {
    const info = await node.info('cpu');
    return ['user', 'sys'].reduce(
      (sum, kind) => sum + Number(new RegExp(`^used_cpu_${kind}:(.*)$`, 'm').exec(info)[1]),
      0,
    );
  };
  const read = async () => {
    const nodes = urls.length > 1 ? client.nodes('master') : [client];
    return (await Promise.all(nodes.map(secondsOf))).reduce((sum, seconds) => sum + seconds, 0);
  };
  return { read, close: () => client.disconnect() };
}

async function metricsOf({ ports }) {
  const text = await (await fetch(`http://127.0.0.1:${ports.METRICS_PORT}/metrics`)).text();
  return (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
}

const sumOf = async (processes, metric) =>
  (await Promise.all(processes.map(async (process) => (await metricsOf(process))(metric)))).reduce((a, b) => a + b, 0);

/** Opens the meters of a deployment. `read` gives CPU seconds by kind; `memory` the bytes that the api processes hold, `connections` how many they count. */
export async function openMeters({ apis, workers, databaseUrl, redisUrl }) {
  const postgres = await openPostgres(databaseUrl);
  const redis = openRedis(redisUrl);
  const cpu = 'process_cpu_seconds_total';
  return {
    read: async () => ({
      api: await sumOf(apis, cpu),
      worker: await sumOf(workers, cpu),
      postgres: postgres.read(),
      redis: await redis.read(),
    }),
    connections: () => sumOf(apis, 'stoa_presence_connections'),
    memory: () => sumOf(apis, 'process_resident_memory_bytes'),
    close: async () => {
      redis.close();
      await postgres.close();
    },
  };
}
