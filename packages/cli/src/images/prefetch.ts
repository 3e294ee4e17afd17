/**
 * Loads items ahead: yields the results in order while the next ones are under way.
 * @param ahead maximum number of loads at the same time
 */
export async function* prefetch<Item>(
  count: number,
  ahead: number,
  load: (index: number) => Promise<Item>,
): AsyncGenerator<Item> {
  const pending: Promise<Item>[] = [];
  let next = 0;
  try {
    while (next < count || pending.length > 0) {
      while (next < count && pending.length < ahead) {
        const item = load(next++);
        // The loop awaits it later; until then a rejection must not count as unhandled.
        item.catch(() => {});
        pending.push(item);
      }
      yield await pending.shift()!;
    }
  } finally {
    await Promise.allSettled(pending);
  }
}
