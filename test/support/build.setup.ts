import { buildIfChanged } from '../../scripts/dist.mjs';

/** Suites that start real processes test what the sources are now. */
export default buildIfChanged;
