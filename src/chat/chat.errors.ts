import { StoaError } from '../platform/errors/stoa-error.js';

/** The conversation takes nothing more. */
export class ConversationIsOver extends StoaError {
  constructor() {
    super('CONVERSATION_ENDED');
  }
}

/** The client used a `clientId` again, for another text. */
export class MessageIdReused extends StoaError {
  constructor() {
    super('MESSAGE_ID_REUSED');
  }
}

/** A message policy does not let the text pass. */
export class MessageRefused extends StoaError {
  constructor() {
    super('FORBIDDEN');
  }
}
