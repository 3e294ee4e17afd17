export { type CommunicatorCase, communicatorCases } from './communicator-cases.ts';
export { type LossEvaluation, lossAndGradients, numericState } from './evaluate-loss.ts';
export { type GradientCheckOptions, gradientCheck } from './gradient-check.ts';
export {
  fixtureLossConfig,
  fixtureTolerance,
  type LossFixture,
  type LossFixtureResult,
  readLossFixtures,
  runLossFixture,
} from './loss-fixture.ts';
export {
  type PlainBankLossInputs,
  plainBankLoss,
  plainCosines,
  plainCriterion,
  plainTargetCosines,
  plainTargets,
} from './plain-bank-loss.ts';
export { relativeError } from './relative-error.ts';
