import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface MailServer {
  /** For `SMTP_URL`. */
  url: string;
  /** Every line that clients sent. */
  lines: string[];
  stop: () => Promise<void>;
}

/** As much of an SMTP server as a client needs. `reply`: what it says to a line instead of taking it. */
export async function startMailServer(reply: (line: string) => string | undefined): Promise<MailServer> {
  const lines: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    let inData = false;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.write('220 test\r\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        lines.push(line);
        if (inData && line !== '.') continue;
        inData = /^DATA/i.test(line);
        const own = reply(line);
        if (own !== undefined) socket.write(`${own}\r\n`);
        else if (/^QUIT/i.test(line)) return void socket.end('221 bye\r\n');
        else socket.write(inData ? '354 go on\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lines,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
