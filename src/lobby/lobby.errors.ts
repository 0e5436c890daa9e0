import { StoaError } from '../platform/errors/stoa-error.js';

/** There is neither a search to cancel nor a match that won. */
export class NotSearching extends StoaError {
  constructor() {
    super('NOT_SEARCHING');
  }
}
