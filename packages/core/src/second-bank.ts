import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { BankInputs, BankOptions, ResolvedBankOptions } from './bank-options.ts';
import { ConfigError } from './errors.ts';
import type { Margin } from './margins.ts';

/** A constant bank that a loss scores a batch against beside its class weights, such as the prototypes of EPL. */
export interface SecondBank {
  /** Margins that come before those of the loss. */
  readonly margins: readonly Margin[];
  /** Whether the margins of the loss follow; default true. */
  readonly keepsMargins?: boolean;
  /** Calls `score` with the bank, `[numClasses, embeddingSize]`, and returns its result. */
  readonly use: <Result>(score: (bank: Tensor2D) => Result) => Result;
}

/** Returns the options for the class weights and for a second bank: each counts half, and the second one has no gradient. */
export function halfOptions(
  options: BankOptions | ResolvedBankOptions,
  { margins, keepsMargins = true }: Omit<SecondBank, 'use'>,
): { weights: BankOptions; second: BankOptions } {
  const weight = (options.weight ?? 1) / 2;
  const second = [...margins, ...(keepsMargins ? (options.margins ?? []) : [])];
  return {
    weights: { ...options, weight },
    second: { ...options, weight, margins: second, bankGradient: false },
  };
}

/** Returns the inputs for a second bank: margins of the rows belong to those of the loss. */
export function secondInputs<Inputs extends Pick<BankInputs, 'rowMargins'>>(
  inputs: Inputs,
  { keepsMargins = true }: Omit<SecondBank, 'use'>,
): Inputs {
  return keepsMargins ? inputs : { ...inputs, rowMargins: undefined };
}

/**
 * Refuses a loss that cannot score a second bank: it would need a second copy of its own state, or has no cosine of one vector for
 * each class.
 * @throws ConfigError that names the loss and the reason
 */
export function checkSecondBank(
  name: string,
  { centers, similarity, similarityMap }: ResolvedBankOptions,
  hasClassMemory: boolean,
): void {
  const reasons: Readonly<Record<string, boolean>> = {
    'it has several centers for each class': centers > 1,
    'it has a memory of its own for each class': hasClassMemory,
    'its logits are products, not cosines': similarity === 'dot',
    'its map of all similarities leaves no place for the margin of the bank': similarityMap?.kind === 'power',
  };
  const reason = Object.keys(reasons).find((text) => reasons[text]);
  if (reason) throw new ConfigError(`${name} cannot score a second bank, because ${reason}.`);
}
