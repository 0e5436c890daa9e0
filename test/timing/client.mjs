// One attacker: a thread of its own with one kept-alive connection, so that the server's event loop does not measure itself.
import { Agent, request } from 'node:http';
import { parentPort } from 'node:worker_threads';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** @returns {Promise<{ ms: number, status: number }>} from the last byte written to the first byte read */
function measure({ url, headers, body }) {
  return new Promise((resolve, reject) => {
    let writtenAt = 0n;
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    sent.once('error', reject);
    sent.once('finish', () => (writtenAt = process.hrtime.bigint()));
    sent.once('response', (response) => {
      const ms = Number(process.hrtime.bigint() - writtenAt) / 1e6;
      response.resume().once('end', () => resolve({ ms, status: response.statusCode }));
    });
    sent.end(body);
  });
}

async function measureAll(requests) {
  const results = [];
  for (const one of requests) results.push(await measure(one));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
  parentPort.postMessage(results);
}

parentPort.on('message', (requests) => void measureAll(requests));
