import fc from 'fast-check';
import { Decoder, Encoder, PacketType } from 'socket.io-parser';
import type { Packet } from 'socket.io-parser';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { ackPacket, eventPacket, readEvent, textFrame } from './socket-wire.js';

const NAMES = new Set(['message:send', 'typing:set']);

/** What Socket.IO's own decoder makes of a packet; undefined when it refuses it or waits for binary parts. */
function decodedBySocketIo(packet: string): Packet | undefined {
  const decoder = new Decoder();
  let decoded: Packet | undefined;
  decoder.on('decoded', (found: Packet) => (decoded = found));
  try {
    decoder.add(packet);
  } catch {
    return undefined;
  }
  return decoded;
}

const encodedBySocketIo = (type: PacketType, data: unknown[], id?: number): string =>
  new Encoder().encode({ type, nsp: '/', data, ...(id === undefined ? {} : { id }) })[0] as string;

const aName = fc.constantFrom(...NAMES, 'no:such', 'connect', 'disconnect', '');
const anId = fc.nat({ max: 2 ** 31 });
/** Packets as clients send them, and what is left of them when a few characters are changed. */
const anEvent = fc
  .tuple(anId, aName, fc.array(fc.jsonValue(), { maxLength: 2 }))
  .map(([id, name, args]) => encodedBySocketIo(PacketType.EVENT, [name, ...args], id));
const aBrokenPacket = fc
  .tuple(
    anEvent,
    fc.nat({ max: 60 }),
    fc.nat({ max: 3 }),
    fc.constantFrom('', '0', '/', ',', '[', ']', '"', '-', '5', ' '),
  )
  .map(([packet, at, cut, put]) => packet.slice(0, at) + put + packet.slice(at + cut));

describe('readEvent', () => {
  it('reads every event of a known name, as Socket.IO does', () => {
    fc.assert(
      fc.property(anEvent, (packet) => {
        const { id, data } = decodedBySocketIo(packet) ?? {};
        const isKnown = NAMES.has((data as unknown[] | undefined)?.[0] as string);
        expect(readEvent(packet, NAMES)).toEqual(isKnown ? { ackId: id, data } : undefined);
      }),
    );
  });

  it('reads of anything else only what Socket.IO reads the same', () => {
    fc.assert(
      fc.property(fc.oneof(aBrokenPacket, fc.string()), (packet) => {
        const event = readEvent(packet, NAMES);
        const same = event && { type: PacketType.EVENT, nsp: '/', id: event.ackId, data: event.data };
        expect(same ?? 'left').toEqual(same ? decodedBySocketIo(packet) : 'left');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['2["message:send",{}]', 'no acknowledgement is asked for'],
    ['2/other,1["message:send",{}]', 'another namespace'],
    ['51-1["message:send",{"_placeholder":true,"num":0}]', 'binary'],
    ['31["message:send"]', 'an acknowledgement'],
    ['21["no:such"]', 'not one of ours'],
    ['21["connect"]', 'reserved'],
    ['21[7]', 'a number for a name'],
    ['21["message:send"', 'broken'],
    ['21{"0":"message:send"}', 'no array'],
    ['21null', 'nothing'],
    ['2', 'a type alone'],
    ['', 'empty'],
    [`2${'9'.repeat(20)}["message:send"]`, 'an id that no number holds'],
  ])('leaves %j: %s', (packet) => {
    expect(readEvent(packet, NAMES)).toBeUndefined();
  });
});

describe('what we write', () => {
  it('is what Socket.IO writes', () => {
    fc.assert(
      fc.property(anId, fc.jsonValue(), (id, value) => {
        expect(ackPacket(id, value)).toBe(encodedBySocketIo(PacketType.ACK, [value], id));
        expect(eventPacket('message:new', value)).toBe(encodedBySocketIo(PacketType.EVENT, ['message:new', value]));
      }),
    );
  });

  it('is framed as ws frames it, at every length and in every script', () => {
    const lengths = [0, 1, 123, 124, 125, 126, 200, 65_533, 65_534];
    const packets = lengths.flatMap((length) => ['x', 'é', '語', '😀'].map((unit) => unit.repeat(length)));
    for (const packet of packets) {
      const frame = textFrame(packet);
      const payload = Buffer.from(`4${packet}`);
      if (payload.length > 65_535) expect(frame).toBeUndefined();
      else expect(bytesOf(frame).equals(framedByWs(payload))).toBe(true);
    }
  });
});

const bytesOf = (frame: string | Buffer | undefined): Buffer =>
  typeof frame === 'string' ? Buffer.from(frame, 'latin1') : (frame ?? Buffer.alloc(0));

/** `Sender.frame` is what Socket.IO's adapter uses, too; it has no type. */
function framedByWs(payload: Buffer): Buffer {
  const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };
  return Buffer.concat(Sender.frame(payload, { fin: true, opcode: 1, mask: false, readOnly: false, rsv1: false }));
}
