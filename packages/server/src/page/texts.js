// @ts-check

/**
 * Formats a share: `97.5 %`, `0.12 %`.
 * @param {number} share
 */
export function percent(share) {
  const value = 100 * share;
  return `${value.toFixed(value > 0 && value < 1 ? 2 : 1)} %`;
}

/**
 * Formats a probability. The ends are `over 99.9 %` and `under 0.1 %`, because a measured curve makes nothing certain.
 * @param {number} probability
 */
export function probabilityText(probability) {
  if (probability >= 0.9995) return 'over 99.9 %';
  return probability < 0.0005 ? 'under 0.1 %' : `${(100 * probability).toFixed(1)} %`;
}

/**
 * Formats a cosine with two decimals, without `-0.00`.
 * @param {number} cosine
 */
export function cosineText(cosine) {
  return cosine.toFixed(2).replace(/^-(0\.00)$/, '$1');
}

/**
 * Formats a share that was chosen, not measured, with all its digits: `0.3 %`.
 * @param {number} share
 */
export function exactPercent(share) {
  return `${Number((100 * share).toPrecision(6))} %`;
}

/**
 * Formats a count with its noun: `1 photo`, `1,024 photos`.
 * @param {number} count
 * @param {string} singular
 * @param {string} [plural]
 */
export function counted(count, singular, plural = `${singular}s`) {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`;
}

/**
 * Formats a time as a date in the language of the browser.
 * @param {string} time ISO 8601
 */
export function dateText(time) {
  return new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/**
 * Returns a text as a sentence: the first letter large, a full stop at the end.
 * @param {string} text
 */
export function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
