/** An event that asks for an acknowledgement, as it came over the wire. */
export interface WireEvent {
  ackId: number;
  /** The event's name, then what the client sent with it. */
  data: [event: string, ...args: unknown[]];
}

/** Packet types of Socket.IO's protocol 5. */
const EVENT = '2';
const ACK = '3';
/** Engine.IO's type of a packet that carries one of Socket.IO's. */
const MESSAGE = '4';

const [ZERO, NINE, BRACKET] = [0x30, 0x39, 0x5b];

/** Digits of an acknowledgement's id that a number holds exactly. */
const MAX_DIGITS = 15;

/** FIN and opcode "text". */
const TEXT_FRAME = 0x81;
const SHORT_PAYLOAD = 125;
/** Says that two bytes of length follow. */
const LONG_MARK = 126;
const LONG_PAYLOAD = 65_535;

/**
 * Reads an event of the main namespace whose name is one of `names` and that asks for an acknowledgement. Undefined for all else,
 * malformed packets included: those are for Socket.IO's own decoder to refuse. Twin of `Decoder.decodeString`.
 */
export function readEvent(packet: string, names: ReadonlySet<string>): WireEvent | undefined {
  if (packet[0] !== EVENT) return undefined;
  let end = 1;
  for (let code = packet.charCodeAt(end); code >= ZERO && code <= NINE; code = packet.charCodeAt(end)) end += 1;
  if (end === 1 || end > MAX_DIGITS || packet.charCodeAt(end) !== BRACKET) return undefined;
  const data = parsed(packet.slice(end));
  if (!data || typeof data[0] !== 'string' || !names.has(data[0])) return undefined;
  return { ackId: Number(packet.slice(1, end)), data: data as WireEvent['data'] };
}

function parsed(json: string): unknown[] | undefined {
  try {
    return JSON.parse(json) as unknown[];
  } catch {
    return undefined;
  }
}

/** The packet that answers an event. Twin of `Encoder.encodeAsString`, for values without binary parts. */
export const ackPacket = (ackId: number, answer: unknown): string => `${ACK}${ackId}[${JSON.stringify(answer)}]`;

/** An event to the client. `event` needs no escaping: our names are plain. */
export const eventPacket = (event: string, payload: unknown): string =>
  `${EVENT}["${event}",${JSON.stringify(payload)}]`;

/**
 * A whole WebSocket frame, unmasked and uncompressed, that carries a packet. A string of bytes (latin1) where the packet is ASCII:
 * Node writes one without a buffer in between. Undefined for a packet too long for the short forms.
 */
export function textFrame(packet: string): string | Buffer | undefined {
  const bytes = Buffer.byteLength(packet);
  const payload = bytes + 1;
  if (payload > LONG_PAYLOAD) return undefined;
  const header =
    payload <= SHORT_PAYLOAD
      ? String.fromCharCode(TEXT_FRAME, payload)
      : String.fromCharCode(TEXT_FRAME, LONG_MARK, payload >> 8, payload & 0xff);
  if (bytes === packet.length) return header + MESSAGE + packet;
  const frame = Buffer.allocUnsafe(header.length + payload);
  frame.write(header + MESSAGE, 0, 'latin1');
  frame.write(packet, header.length + 1);
  return frame;
}
