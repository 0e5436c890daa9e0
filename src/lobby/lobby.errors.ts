import { StoaError } from '../platform/errors/stoa-error.js';

/** A search cannot start in an open conversation. */
export class AlreadyChatting extends StoaError {
  constructor() {
    super('ALREADY_CHATTING');
  }
}

/** There is neither a search to cancel nor a match that won. */
export class NotSearching extends StoaError {
  constructor() {
    super('NOT_SEARCHING');
  }
}
