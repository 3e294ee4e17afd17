import type { OptionChange } from './checkpoint.ts';

/** Returns the options that differ between two configurations of plain JSON. */
export function optionChanges(before: object, now: object): OptionChange[] {
  const [oldOptions, newOptions] = [flattenOptions(before), flattenOptions(now)];
  const names = new Set([...oldOptions.keys(), ...newOptions.keys()]);
  const changed = [...names].filter(
    (name) => JSON.stringify(oldOptions.get(name)) !== JSON.stringify(newOptions.get(name)),
  );
  return changed.map((option) => ({ option, before: oldOptions.get(option), now: newOptions.get(option) }));
}

/** Returns numbers, strings and lists by their path, such as `loss.margin`. */
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
