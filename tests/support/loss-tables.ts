import {
  bankLossOptions,
  classWeightsLossOptions,
  type LossDescriptor,
  type OptionDescriptor,
} from '@openset/core';
import { replaceBlock } from './replace-block.ts';

/**
 * Returns docs/losses.md with its two blocks brought up to date: the table of all losses, and the options of each.
 * @throws Error for a page without the marks
 */
export function withLossTables(page: string, losses: readonly LossDescriptor[]): string {
  const withTable = replaceBlock(page, 'losses', lossTable(page, losses));
  return replaceBlock(withTable, 'loss-options', losses.map(optionSection).join('\n\n'));
}

function lossTable(page: string, losses: readonly LossDescriptor[]): string {
  const rows = losses.map((loss) => {
    const words = Object.keys(loss.words).map((word) => `\`${word}\``);
    const name = linkTo(page, loss.name);
    return `| ${name} | \`${loss.package}\` | ${words.join(', ') || '–'} | ${thresholdText(loss)} | ${loss.use} |`;
  });
  return [
    '| loss | package | `--loss` | learns a threshold between | use it |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Links to the heading that names the class, with the address that GitHub gives it. */
function linkTo(page: string, name: string): string {
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading as string);
  const heading = headings.find((text) => text.split(', ').includes(name));
  if (!heading) return `\`${name}\``;
  return `[\`${name}\`](#${heading.toLowerCase().replaceAll(',', '').replaceAll(' ', '-')})`;
}

function thresholdText({ threshold, thresholdCondition: condition }: LossDescriptor): string {
  if (!threshold) return condition ?? '–';
  return condition ? `${threshold} (${condition})` : threshold;
}

function optionSection({ name, summary, source, options }: LossDescriptor): string {
  // The page lists the options that losses share above the tables.
  const shared: readonly OptionDescriptor[] = Object.values(classWeightsLossOptions);
  const own = Object.entries(options).filter(
    ([key, option]) => !(key in bankLossOptions) && !shared.includes(option),
  );
  const rows = own.map(([key, option]) => {
    return `| \`${key}\` | ${option.symbol ?? ''} | ${valuesText(option)} | ${defaultText(option)} | ${option.description} |`;
  });
  const head = ['| option | symbol | values | default | meaning |', '|---|---|---|---|---|'];
  return [`### Options of ${name}`, '', `${capitalized(summary)} (${source}).`, '', ...head, ...rows].join(
    '\n',
  );
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function valuesText(option: OptionDescriptor): string {
  switch (option.type) {
    case 'number': {
      const { integer, minimum, above, below, maximum, words = [], list } = option;
      const bounds = [
        ...(minimum === undefined ? [] : [`≥ ${minimum}`]),
        ...(above === undefined ? [] : [`> ${above}`]),
        ...(below === undefined ? [] : [`< ${below}`]),
        ...(maximum === undefined ? [] : [`≤ ${maximum}`]),
      ];
      const number = [integer ? 'integer' : 'number', bounds.join(' and ')].join(' ').trim();
      return [...words.map((word) => `\`'${word}'\``), number, ...(list ? ['list'] : [])].join(', ');
    }
    case 'choice':
      return option.choices.map((choice) => `\`'${choice}'\``).join(', ');
    case 'boolean':
      return '`true`, `false`';
    case 'text':
      return 'text';
    case 'loss':
      return 'a loss';
    case 'parts':
      return 'losses';
  }
}

function defaultText(option: OptionDescriptor): string {
  if ('default' in option) {
    const { default: value } = option;
    return typeof value === 'string' ? `\`'${value}'\`` : `\`${value}\``;
  }
  return option.required ? 'required' : (option.defaultText ?? '–');
}
