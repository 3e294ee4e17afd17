import type { OperatingPointInconsistency, RateOverPeople } from '@openset/metrics';
import { type ReportSection, type ReportTable, utilityPlot } from '@openset/report';
import type { ConsistencyMeasurements, GroupMeasurements } from './measure-consistency.ts';
import { counted, decimal, percent } from './texts.ts';

/** OPIS as `--json` prints it. */
export interface InconsistencyResult {
  readonly score: number;
  /** Number of people or groups that it compares. */
  readonly classes: number;
}

/** Number of groups up to which the report draws named lines. */
const maximumNames = 8;

/** Consistency of one threshold as `--json` prints it. */
export interface ConsistencyResult {
  /** OPIS over people and over groups; null for pairs, with too few images, and without two groups. */
  readonly inconsistency: {
    readonly people: InconsistencyResult | null;
    readonly groups: InconsistencyResult | null;
  };
  /** Error rates of each group at the threshold; null without groups. */
  readonly groups: readonly GroupMeasurements[] | null;
}

/**
 * Returns the part of a command's result.
 * @param found null for pairs
 */
export function consistencyResult(found: ConsistencyMeasurements | null): ConsistencyResult {
  const { people = null, groups = null, rates = null } = found ?? {};
  return { inconsistency: { people: summarize(people), groups: summarize(groups) }, groups: rates };
}

function summarize(found: OperatingPointInconsistency | null): InconsistencyResult | null {
  return found && { score: found.score, classes: found.classes.length };
}

/** Returns OPIS and the error rates of each group as labels and values. */
export function consistencyRows({ people, groups, rates }: ConsistencyMeasurements): [string, string][] {
  return [
    ...(people ? [opisRow(people, 'person', 'people')] : []),
    ...(groups ? [opisRow(groups, 'group', 'groups')] : []),
    ...(rates ?? []).map((group): [string, string] => [
      `group ${group.name}`,
      `FAR ${rateText(group.falseAcceptRate, 2)}, FRR ${rateText(group.falseRejectRate, 1)}, ` +
        `${counted(group.people, 'person', 'people')}, ${counted(group.images, 'image')}`,
    ]),
  ];
}

function opisRow(found: OperatingPointInconsistency, one: string, many: string): [string, string] {
  return [`OPIS over ${many}`, `${decimal(found.score, 4)}, ${counted(found.classes.length, one, many)}`];
}

function rateText(rate: RateOverPeople | null, digits: number): string {
  if (rate === null) return 'unknown';
  const [low, high] = [decimal(100 * rate.low, digits), decimal(100 * rate.high, digits)];
  return `${percent(rate.rate, digits)} (${low}–${high})`;
}

/**
 * Returns the sections of a report on the consistency of one threshold: people, then groups; none if there are too few images.
 * @param threshold the cosine that decides
 */
export function consistencySections(
  { people, groups, rates }: ConsistencyMeasurements,
  threshold: number,
): ReportSection[] {
  return [
    ...(people ? [peopleSection(people, threshold)] : []),
    ...(rates ? [groupsSection(rates, groups, threshold)] : []),
  ];
}

function peopleSection(people: OperatingPointInconsistency, threshold: number): ReportSection {
  return {
    heading: 'Does one threshold serve everybody?',
    text:
      `OPIS is ${decimal(people.score, 4)} over ${counted(people.classes.length, 'person', 'people')}. The utility of a threshold ` +
      'for a person is the harmonic mean of two shares: accepted pairs of their images, and rejected pairs with images of ' +
      'others. OPIS is the variance of the utility between people, averaged over the thresholds that accept 1 % to 10 % of the ' +
      'pairs of different people (arXiv 2307.04047). At 0, one threshold serves all alike. Compare values of one set only: ' +
      'few images of a person raise it.',
    figures: [utilityPlot(people, { threshold, caption: 'utility for each person, and the mean' })],
  };
}

function groupsSection(
  rates: readonly GroupMeasurements[],
  groups: OperatingPointInconsistency | null,
  threshold: number,
): ReportSection {
  const names = (groups?.classes ?? []).map(({ label }) => rates[label]!.name);
  const named = names.length <= maximumNames ? { names } : {};
  const caption = 'utility for each group, and the mean';
  return {
    heading: 'Does one threshold serve every group?',
    text:
      `All groups are measured at the threshold ${decimal(threshold, 3)}, on the pairs within each group. Brackets show 95 % ` +
      `intervals over people.${groups ? ` OPIS is ${decimal(groups.score, 4)} over ${counted(names.length, 'group')}.` : ''}`,
    table: groupTable(rates, groups),
    figures: groups ? [utilityPlot(groups, { threshold, caption, ...named })] : [],
  };
}

function groupTable(
  rates: readonly GroupMeasurements[],
  groups: OperatingPointInconsistency | null,
): ReportTable {
  return {
    columns: ['group', 'people', 'images', 'false accept rate', 'false reject rate', "group's part of OPIS"],
    rows: rates.map(({ name, people, images, falseAcceptRate, falseRejectRate }, label) => {
      const own = groups?.classes.find((one) => one.label === label);
      const rate = (value: RateOverPeople | null, digits: number) => value && rateText(value, digits);
      const deviation = own ? decimal(own.deviation, 4) : null;
      return [name, people, images, rate(falseAcceptRate, 2), rate(falseRejectRate, 1), deviation];
    }),
  };
}
