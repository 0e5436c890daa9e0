import type { Change } from '../support/changed-build.js';

/** A version whose hints have a field that this one does not know, and are followed by one of a type that it does not know. */
export const NEXT_VERSION: Change = {
  file: 'platform/realtime/process-channel.js',
  from: 'JSON.stringify(batch)',
  to: `JSON.stringify([...batch.map((hint) => ({ ...hint, addedLater: { deep: [1] } })), { type: 'added-later', of: 1 }])`,
};
