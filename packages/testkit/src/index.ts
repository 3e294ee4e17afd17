export { type LossEvaluation, lossAndGradients, numericState } from './evaluate-loss.ts';
export { type GradientCheckOptions, gradientCheck } from './gradient-check.ts';
export {
  fixtureTolerance,
  type LossFixture,
  type LossFixtureResult,
  lossOfFixture,
  readLossFixtures,
  runLossFixture,
} from './loss-fixture.ts';
export { type PlainBankLoss, plainBankLoss, plainCosines, plainOwnCosines } from './plain-bank-loss.ts';
export { relativeError } from './relative-error.ts';
