import { connect } from 'node:net';
import { Awaited } from './talker.js';
import type { Seat, Talker } from './talker.js';

// MQTT 3.1.1 as far as a pair needs it: https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html
const [CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK] = [0x10, 0x20, 0x30, 0x40, 0x82, 0x90];
const AT_LEAST_ONCE = 0x02;

/** Each has a topic and sends to the partner's: acknowledged by the broker (QoS 1), handed on once at most, as the others do. */
export function connectMqtt({ url, auth }: Seat, onMessage: () => void): Promise<Talker> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const awaited = new Awaited();
  const topic = utf8(auth['partner'] ?? '');
  const talker: Talker = {
    send: (text) => {
      const { id, answer } = awaited.next();
      socket.write(packet(PUBLISH | AT_LEAST_ONCE, topic, uint16(id), Buffer.from(JSON.stringify({ text }))));
      return answer;
    },
    close: () => socket.destroy(),
  };
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => awaited.fail());
    socket.write(packet(CONNECT, utf8('MQTT'), Buffer.from([4, 0x02, 0, 0]), utf8(auth['own'] ?? '')));
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (data) => {
      rest = rest.length > 0 ? Buffer.concat([rest, data]) : data;
      for (let next = readPacket(rest); next; next = readPacket(rest)) {
        rest = rest.subarray(next.end);
        const type = next.head & 0xf0;
        if (type === PUBLISH) onMessage();
        else if (type === PUBACK) awaited.settle(next.body.readUInt16BE(0), true);
        else if (type === CONNACK && next.body[1] === 0)
          socket.write(packet(SUBSCRIBE, uint16(1), utf8(auth['own'] ?? ''), Buffer.from([0])));
        else if (type === SUBACK && next.body[2] === 0) resolve(talker);
        else reject(new Error(`unexpected packet ${next.head}`));
      }
    });
  });
}

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

const utf8 = (text: string): Buffer => Buffer.concat([uint16(Buffer.byteLength(text)), Buffer.from(text)]);

function packet(head: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const size: number[] = [];
  let left = body.length;
  do {
    size.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([head, ...size]), body]);
}

/** The first packet of `data`, when it is whole. */
function readPacket(data: Buffer): { head: number; body: Buffer; end: number } | undefined {
  let size = 0;
  for (let at = 1; at < data.length; at += 1) {
    const byte = data[at] as number;
    size |= (byte & 0x7f) << (7 * (at - 1));
    if (byte > 0x7f) continue;
    const end = at + 1 + size;
    return data.length < end ? undefined : { head: data[0] as number, body: data.subarray(at + 1, end), end };
  }
  return undefined;
}
