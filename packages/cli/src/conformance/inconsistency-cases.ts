import { operatingPointInconsistency } from '@openset/metrics';
import { type InconsistencyFixture, readInconsistencyFixtures } from './inconsistency-fixture.ts';
import { type MetricsComparison, type MetricsResult, prepareCase } from './metrics-cases.ts';

/** Tolerance for distances, which come from float32 cosines, and for utilities, which are quotients of counts. */
const tolerance = 1e-6;

/**
 * Returns one function for each case of the list `opis`, which files of losses and of metrics may have. It compares utilities,
 * deviations and score in the range of distances of the case, and the distances at its false accept rates.
 * @throws DataError if the text has another format; the functions throw DataError if the numbers of a case are unusable
 */
export function inconsistencyCases(text: string): (() => MetricsResult)[] {
  return readInconsistencyFixtures(text).map((fixture) => prepareCase(fixture.name, () => compare(fixture)));
}

function compare(fixture: InconsistencyFixture): MetricsComparison[] {
  const { embeddings, labels, embeddingSize, config } = fixture;
  const { thresholds, utilityWeight, distanceRange, farRange } = config;
  const measure = (range: { distanceRange: typeof distanceRange } | { farRange: typeof farRange }) =>
    operatingPointInconsistency(embeddings, labels, embeddingSize, { thresholds, utilityWeight, ...range });
  const found = measure({ distanceRange });
  const { distances } = measure({ farRange });
  const classes = new Map(found.classes.map((one) => [one.label, one]));
  return [
    equal('negativePairs', found.negatives, fixture.negativePairs),
    equal('classes', found.classes.length, fixture.classes.length),
    ...fixture.classes.flatMap((label, index) => [
      ...Array.from({ length: thresholds }, (_, step) => {
        const expected = fixture.utility[index * thresholds + step]!;
        return near(`utility of ${label} at ${step}`, classes.get(label)?.utility[step], expected);
      }),
      near(`classDeviation of ${label}`, classes.get(label)?.deviation, fixture.classDeviation[index]!),
    ]),
    near('expectedOpis', found.score, fixture.expectedOpis),
    near('distanceAtFar[0]', distances[0], fixture.distanceAtFar[0]),
    near('distanceAtFar[1]', distances.at(-1), fixture.distanceAtFar[1]),
  ];
}

function equal(key: string, found: number, expected: number): MetricsComparison {
  return { key, found, expected, passed: found === expected };
}

/** A missing value differs. */
function near(key: string, found = Number.NaN, expected: number): MetricsComparison {
  return { key, found, expected, passed: Math.abs(found - expected) <= tolerance };
}
