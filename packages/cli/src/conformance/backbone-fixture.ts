import { DataError } from '@openset/core';

/** Expected results of one LResNetE-IR whose weights come from a formula. */
export interface BackboneFixture {
  /** Number of blocks of each stage. */
  readonly layers: readonly number[];
  readonly inputSeedIndex: number;
  readonly inputShapeNCHW: readonly [number, number, number, number];
  /** Names of all parameters and running statistics. The formula computes the values from the index in this list. */
  readonly parameterOrder: readonly string[];
  /** `[batch, embeddingSize]`: f(x) + f(x flipped) in inference. */
  readonly evalFlipSum: readonly number[];
  /** Results of training mode, with batch statistics and without dropout. */
  readonly train?: {
    readonly inputSeedIndex: number;
    readonly inputShapeNCHW: readonly [number, number, number, number];
    readonly coefficientSeedIndex: number;
    /** `[batch, embeddingSize]` */
    readonly features: readonly number[];
    /** Σ features · coefficients. */
    readonly loss: number;
    /** Norm of the gradient of each parameter. */
    readonly gradL2: Readonly<Record<string, number>>;
    /** Gradient of the first convolution, in PyTorch's layout. */
    readonly gradConv1Weight: readonly number[];
  };
}

type Fields = Record<string, unknown>;

/**
 * Reads the text of a `backbone.json` file.
 * @throws DataError if the text is not JSON, has no network, or a field of a network is missing or has a wrong type or
 *   length; the message names the network and the key
 */
export function readBackboneFixtures(text: string): readonly BackboneFixture[] {
  let parsed: Fields;
  try {
    parsed = JSON.parse(text) as Fields;
  } catch (error) {
    throw new DataError(`The fixture file is not JSON: ${String(error)}.`);
  }
  const networks = parsed?.networks;
  if (!Array.isArray(networks) || networks.length === 0) {
    throw new DataError("The fixture file has no cases: expected a list 'networks'.");
  }
  networks.forEach((network, index) => {
    checkNetwork(network, `networks[${index}]`);
  });
  return networks;
}

function checkNetwork(value: unknown, path: string): void {
  const network = fieldsOf(value, path);
  numbersOf(network, 'layers', path, null, isCount);
  const [batch] = numbersOf(network, 'inputShapeNCHW', path, 4, isCount) as [number];
  check(isIndex(network.inputSeedIndex), `${path}.inputSeedIndex`, 'a whole number', network.inputSeedIndex);
  const names = network.parameterOrder;
  const areNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
  check(areNames, `${path}.parameterOrder`, 'a list of names', names);
  const { length } = numbersOf(network, 'evalFlipSum', path, null);
  const isWhole = length > 0 && length % batch === 0;
  check(isWhole, `${path}.evalFlipSum`, `a list of ${batch} embeddings`, network.evalFlipSum);
  if (network.train !== undefined) checkTraining(network.train, `${path}.train`, length / batch);
}

function checkTraining(value: unknown, path: string, embeddingSize: number): void {
  const train = fieldsOf(value, path);
  const [batch] = numbersOf(train, 'inputShapeNCHW', path, 4, isCount) as [number];
  for (const key of ['inputSeedIndex', 'coefficientSeedIndex']) {
    check(isIndex(train[key]), `${path}.${key}`, 'a whole number', train[key]);
  }
  numbersOf(train, 'features', path, batch * embeddingSize);
  numbersOf(train, 'gradConv1Weight', path, null);
  check(Number.isFinite(train.loss), `${path}.loss`, 'a finite number', train.loss);
  for (const [name, norm] of Object.entries(fieldsOf(train.gradL2, `${path}.gradL2`))) {
    check(Number.isFinite(norm), `${path}.gradL2['${name}']`, 'a finite number', norm);
  }
}

const isIndex = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isCount = (value: unknown) => Number.isInteger(value) && (value as number) > 0;

function numbersOf(
  fields: Fields,
  key: string,
  path: string,
  length: number | null,
  accepts: (value: unknown) => boolean = Number.isFinite,
): number[] {
  const list = fields[key];
  const isValid = Array.isArray(list) && list.every(accepts) && (length ?? list.length) === list.length;
  const kind = accepts === isCount ? 'whole numbers above 0' : 'finite numbers';
  check(isValid, `${path}.${key}`, `a list of ${length === null ? '' : `${length} `}${kind}`, list);
  return list as number[];
}

function fieldsOf(value: unknown, path: string): Fields {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  check(isObject, path, 'an object', value);
  return value as Fields;
}

function check(isValid: boolean, path: string, expected: string, found: unknown): void {
  if (isValid) return;
  const what = Array.isArray(found) ? `a list of ${found.length}` : (JSON.stringify(found) ?? 'missing');
  throw new DataError(`${path} must be ${expected}, but is ${what}.`);
}
