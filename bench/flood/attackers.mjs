// A process of attackers: each signs in again as soon as it is answered, wrong, as somebody who is nobody. Prints the answers by status when it is told to stop.
import { Agent, request } from 'node:http';

const [url = '', origin = '', cookie = '', csrfToken = '', count = '0'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const body = JSON.stringify({ email: 'nobody@example.com', password: 'not the password' });
const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken, origin, cookie };
const statuses = {};
const stopping = new AbortController();

/** @returns {Promise<number>} its status; 0 when there was no answer */
const signIn = () =>
  new Promise((resolve) => {
    const asked = request(`${url}/api/v1/sessions`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', () => resolve(0)).end(body);
  });

process.once('SIGTERM', () => stopping.abort());
await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    while (!stopping.signal.aborted) {
      const status = await signIn();
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }),
);
console.log(JSON.stringify(statuses));
process.exit(0);
