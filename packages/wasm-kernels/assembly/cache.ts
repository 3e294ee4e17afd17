/**
 * Reads one word of each cache line of a range, which moves the range into the cache. A loop of loads alone has many misses
 * in flight; the loads of a matrix product wait for each other.
 *
 * @param spare 4 bytes that are overwritten
 */
export function loadIntoCache(from: usize, bytes: usize, spare: usize): void {
  let sum: u32 = 0;
  const end = from + bytes;
  for (; from < end; from += 64) sum += load<u32>(from);
  // Without a use, a compiler could drop the loads.
  store<u32>(spare, sum);
}
