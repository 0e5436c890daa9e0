import { StoaError } from '../platform/errors/stoa-error.js';

/** Who talks does not search. */
export class AlreadyChatting extends StoaError {
  constructor() {
    super('ALREADY_CHATTING');
  }
}
