import { findChromium } from '../../scripts/chromium.mjs';

/** Browser tests find the browser's program in CHROMIUM_PATH. */
export default async function setup(): Promise<void> {
  process.env['CHROMIUM_PATH'] = await findChromium();
}
