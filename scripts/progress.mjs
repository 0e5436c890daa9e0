const quietMs = 1_000;
const repeatMs = 10_000;
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Says what is being done as soon as it takes longer than a second, again every ten, and how long it took.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const begun = Date.now();
  let said = false;
  const say = () => {
    console.log(said ? `  ${title}: ${seconds(begun)} so far` : `${title} …`);
    said = true;
    timer = setTimeout(say, repeatMs);
  };
  let timer = setTimeout(say, quietMs);
  try {
    const result = await work();
    if (said) console.log(`  ${title}: done in ${seconds(begun)}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}
