import type { OptionChange } from './checkpoint.ts';

/** What differs between two configurations of plain JSON, option by option. */
export function optionChanges(before: object, now: object): OptionChange[] {
  const [old, own] = [flattenOptions(before), flattenOptions(now)];
  const names = new Set([...old.keys(), ...own.keys()]);
  const changed = [...names].filter(
    (name) => JSON.stringify(old.get(name)) !== JSON.stringify(own.get(name)),
  );
  return changed.map((option) => ({ option, before: old.get(option), now: own.get(option) }));
}

/** Numbers, words and lists by their place. */
function flattenOptions(config: object, prefix = ''): Map<string, unknown> {
  const options = new Map<string, unknown>();
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    const isGroup = value !== null && typeof value === 'object' && !Array.isArray(value);
    const inner = isGroup ? flattenOptions(value, `${prefix}${key}.`) : new Map([[`${prefix}${key}`, value]]);
    for (const [name, option] of inner) options.set(name, option);
  }
  return options;
}
