import { z } from 'zod';
import { entries } from './problems.ts';

const number = z.number().optional();
const scale = z.number().positive().optional();
const positive = z.number().positive().optional();
const share = z.number().min(0).max(1).optional();
const flag = z.boolean().optional();
const epoch = z.int().min(1).optional();
const blockSize = z.int().min(1).optional();
const gradient = z.enum(['exact', 'detached']).optional();
const branch = z.enum(['easy', 'linear', 'none']).optional();

const bce = {
  normalized: flag,
  scale,
  margin: number,
  negativeWeight: positive,
  labelSmoothing: share,
  logitClip: positive,
};
const sampleToSample = {
  scale,
  margin: number,
  biasInit: z.union([z.literal('data'), z.number()]).optional(),
  logitClip: positive,
};

/** One loss: its name under `loss`, and its options. */
const one = <const Name extends string, Shape extends z.core.$ZodShape>(name: Name, shape: Shape) =>
  entries({ loss: z.literal(name), ...shape, blockSize });

const classLosses = [
  one('ArcFaceLoss', { scale, margin: number, gradient, branch }),
  one('BceDiverseLoss', { ...bce, biasInit: z.union([z.number(), z.array(z.number())]).optional() }),
  one('BceUnifiedLoss', {
    ...bce,
    biasInit: number,
    negativeSampleRate: z.number().positive().max(1).optional(),
    negativeSampling: z.enum(['shared', 'independent']).optional(),
    thresholdReading: z.enum(['bias', 'bias-minus-log-classes']).optional(),
  }),
  one('CombinedMarginLoss', {
    scale,
    angleFactor: z.number().min(1).optional(),
    angularMargin: number,
    cosineMargin: number,
    gradient,
    branch,
  }),
  one('CosFaceLoss', { scale, margin: number }),
  one('EplLoss', {
    base: z.enum(['cosface', 'arcface', 'uniface']).optional(),
    scale,
    margin: number,
    empiricalMargin: number,
    startEpoch: epoch,
    prototypeUpdate: z.enum(['softsign', 'sigmoid', 'sigmoid-shifted', 'replace']).optional(),
    duplicateLabels: z.enum(['last', 'sequential']).optional(),
    empiricalBaseMargin: flag,
    gradient,
    branch,
    negativeWeight: positive,
    biasInit: number,
  }),
  one('SoftmaxLoss', {
    normalized: flag,
    scale,
    bias: z.enum(['none', 'diverse']).optional(),
    labelSmoothing: share,
  }),
] as const;

/** A loss as a configuration has it: what `getConfig()` of the loss gives, without what data and network decide. */
export const lossSchema = z.discriminatedUnion('loss', [
  ...classLosses,
  one('SampleToSampleBceLoss', sampleToSample),
  one('SampleToSampleSoftmaxLoss', { scale, margin: number }),
  one('UniTSFaceLoss', {
    ...sampleToSample,
    classLoss: z.discriminatedUnion('loss', [...classLosses]),
    combination: z.enum(['sum', 'mean']).optional(),
    startEpoch: epoch,
    classLossAfterStart: flag,
  }),
  one('UssLoss', sampleToSample),
]);

/** The loss of a configuration. */
export type LossSettings = z.output<typeof lossSchema>;
