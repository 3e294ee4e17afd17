import {
  caseList,
  checkCount,
  checkList,
  checkNumber,
  fieldsOf,
  parseFixtureText,
} from './fixture-fields.ts';

/** Expected operating-point inconsistency (OPIS), computed in float64 from the formula of `operatingPointInconsistency`. */
export interface InconsistencyFixture {
  readonly name: string;
  readonly config: {
    readonly utilityWeight: number;
    readonly thresholds: number;
    readonly farRange: readonly [number, number];
    /** Its ends are between the distances of pairs, so that no comparison depends on rounding. */
    readonly distanceRange: readonly [number, number];
  };
  readonly samples: number;
  readonly embeddingSize: number;
  /** `[samples, embeddingSize]` */
  readonly embeddings: readonly number[];
  /** `[samples]` */
  readonly labels: readonly number[];
  readonly negativePairs: number;
  /** Distances of the false accept rates of `farRange`. */
  readonly distanceAtFar: readonly [number, number];
  /** Labels with two samples or more. */
  readonly classes: readonly number[];
  /** `[classes, thresholds]` */
  readonly utility: readonly number[];
  /** `[classes]` */
  readonly classDeviation: readonly number[];
  readonly expectedOpis: number;
}

/**
 * Reads the list `opis` of a fixture file.
 * @returns an empty list if the file has none
 * @throws DataError if the text is not JSON, or a field of a case is missing or has a wrong type or length
 */
export function readInconsistencyFixtures(text: string): InconsistencyFixture[] {
  const cases = caseList(parseFixtureText(text), 'opis');
  cases.forEach((one, index) => {
    checkFixture(one, `opis[${index}]`);
  });
  return cases as InconsistencyFixture[];
}

function checkFixture(fixture: unknown, path: string): void {
  const fields = fieldsOf(fixture, path);
  const config = fieldsOf(fields.config, `${path}.config`);
  for (const key of ['samples', 'embeddingSize']) checkCount(fields[key], `${path}.${key}`);
  checkCount(config.thresholds, `${path}.config.thresholds`);
  checkNumber(config.utilityWeight, `${path}.config.utilityWeight`);
  for (const key of ['farRange', 'distanceRange']) checkList(config[key], `${path}.config.${key}`, 2);
  for (const key of ['negativePairs', 'expectedOpis']) checkNumber(fields[key], `${path}.${key}`);
  checkList(fields.classes, `${path}.classes`);
  const { length: classes } = fields.classes as number[];
  const lengths: Record<string, number> = {
    embeddings: (fields.samples as number) * (fields.embeddingSize as number),
    labels: fields.samples as number,
    distanceAtFar: 2,
    utility: classes * (config.thresholds as number),
    classDeviation: classes,
  };
  for (const [key, length] of Object.entries(lengths)) checkList(fields[key], `${path}.${key}`, length);
}
