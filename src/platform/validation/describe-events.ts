import { ERROR_CODES } from '../../contracts/error-codes.js';
import { CLIENT_EVENTS, SERVER_EVENTS } from '../../contracts/socket-events.js';
import { schemaOf } from './dto-schema.js';

type Dto = abstract new () => object;

const schemasOf = (events: Record<string, Dto>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(events).map(([event, dto]) => [event, schemaOf(dto)]));

/** The socket contract as JSON Schema, for clients in other languages (`docs/generated/events.json`). */
export function describeEvents(): object {
  return {
    clientToServer: schemasOf(CLIENT_EVENTS),
    serverToClient: schemasOf(SERVER_EVENTS),
    errorCodes: ERROR_CODES,
  };
}
