import {
  type AngularMargin,
  angularMargin,
  bceCriterion,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  cosineMargin,
  type LearnedThreshold,
  type Margin,
  softmaxCriterion,
  unifiedThreshold,
} from '@openset/core';
import { tensor1d } from '@tensorflow/tfjs-core';

/** The bases that EPL has itself, as in head_EPL.py. */
export type EplBaseName = 'cosface' | 'arcface' | 'uniface';

/** Options of `EplBase`. */
export interface EplBaseOptions
  extends ClassWeightsLossOptions,
    Required<Pick<AngularMargin, 'margin' | 'gradient' | 'branch'>> {
  readonly base: EplBaseName;
  readonly scale: number;
  readonly negativeWeight: number;
  readonly biasInit: number;
}

/** The loss over class weights that EPL extends, unless it has a `classLoss`. It goes by the name of EPL. */
export class EplBase extends ClassWeightsLoss {
  /** @throws ConfigError for an option out of range */
  constructor({ base, scale, negativeWeight, biasInit, ...options }: EplBaseOptions) {
    super(
      'EplLoss',
      options,
      {
        criterion: base === 'uniface' ? bceCriterion : softmaxCriterion,
        scale,
        margins: marginsOf(base, options),
        negativeWeight,
      },
      base === 'uniface' ? () => tensor1d([biasInit]) : null,
    );
  }

  override threshold(): LearnedThreshold | null {
    if (!this.bias) return null;
    const { scale } = this.bankOptions;
    return unifiedThreshold(this.bias, { scale, between: 'embedding and class', comparisons: null });
  }
}

function marginsOf(
  base: EplBaseName,
  { margin, gradient, branch }: Pick<EplBaseOptions, 'margin' | 'gradient' | 'branch'>,
): Margin[] {
  if (base === 'arcface') return [angularMargin({ margin, gradient, branch })];
  return margin === 0 ? [] : [cosineMargin(margin)];
}
