import { BceDiverseLoss, BceUnifiedLoss } from '@openset/bce-unified';
import { CurricularFaceLoss, MvSoftmaxLoss } from '@openset/curricular';
import { EplLoss } from '@openset/epl';
import {
  ArcFaceLoss,
  CombinedMarginLoss,
  CosFaceLoss,
  SoftmaxLoss,
  SubCenterArcFaceLoss,
} from '@openset/margin';
import { UnpgLoss } from '@openset/negative-pairs';
import { AdaFaceLoss, MagFaceLoss } from '@openset/quality';
import { SphereFace2Loss } from '@openset/sphereface2';
import { TcmLoss } from '@openset/tcm';
import { SampleToSampleBceLoss, SampleToSampleSoftmaxLoss, UniTSFaceLoss, UssLoss } from '@openset/uss';
import { VplLoss } from '@openset/vpl';
import { type Batch, drawCurves, lossCurve, withState } from './loss-curve.ts';

const scale = 16;
const sizes = { numClasses: 2, embeddingSize: 3 };
const options = { ...sizes, scale };
/** The vectors of the two classes. */
const bank = [
  [1, 0, 0],
  [0, 1, 0],
];
const scaled = { scale };
const started = { scale, context: { epoch: 9 } };

/** The third number of a vector of unit length. */
const rest = (...numbers: readonly number[]) =>
  Math.sqrt(Math.max(0, 1 - numbers.reduce((sum, value) => sum + value * value, 0)));
/** A sample of class 0 with a cosine with its class, and of 0 with the other. */
const own = (cosine: number, length = 1): Batch => ({
  rows: [[cosine * length, 0, rest(cosine) * length]],
  labels: [0],
});
/** A sample of class 0 with a cosine with the other class. */
const other =
  (ownCosine: number) =>
  (cosine: number): Batch => ({ rows: [[ownCosine, cosine, rest(ownCosine, cosine)]], labels: [0] });
/** Two samples with a cosine between them. */
const pair =
  (labels: readonly [number, number]) =>
  (cosine: number): Batch => ({
    rows: [
      [0, 0, 1],
      [rest(cosine), 0, cosine],
    ],
    labels,
  });

const weights = { weight: bank };
const ownLabel = 'cosine with the class of the sample (another class: 0)';
const bothLabel = 'cosine with the class of the sample, or with another class';

/** Draws the image of each section of docs/losses.md; the names are those of the files. */
export const lossImages: Readonly<Record<string, () => string>> = {
  margins: () =>
    drawCurves(
      [
        lossCurve('SoftmaxLoss', withState(new SoftmaxLoss(options), weights), own, scaled),
        lossCurve('CosFaceLoss, m = 0.4', withState(new CosFaceLoss(options), weights), own, scaled),
        lossCurve('ArcFaceLoss, m = 0.5', withState(new ArcFaceLoss(options), weights), own, scaled),
        lossCurve('CombinedMarginLoss, 0.3 and 0.2', withState(combined(), weights), own, scaled),
      ],
      { label: ownLabel },
    ),
  'bce-unified': () => {
    const make = () => withState(new BceUnifiedLoss(options), { ...weights, bias: [0.4 * scale] });
    return drawCurves(
      [lossCurve('own class', make(), own, scaled), lossCurve('another class', make(), other(0), scaled)],
      { label: bothLabel, thresholds: [0.4] },
    );
  },
  'bce-diverse': () => {
    const make = (threshold: number) =>
      withState(new BceDiverseLoss(options), { ...weights, bias: [threshold * scale, 0.9 * scale] });
    return drawCurves(
      [
        lossCurve('a class with threshold 0.2', make(0.2), own, scaled),
        lossCurve('a class with threshold 0.5', make(0.5), own, scaled),
      ],
      { label: ownLabel, thresholds: [0.2, 0.5] },
    );
  },
  uss: () => {
    const make = () => withState(new UssLoss(options), { featureMemory: bank, bias: [0.4 * scale] });
    return drawCurves(
      [
        lossCurve('the same person', make(), own, scaled),
        lossCurve('somebody else', make(), other(0), scaled),
      ],
      { label: 'cosine with the latest embedding of a person', thresholds: [0.4] },
    );
  },
  unitsface: () => {
    const memory = { featureMemory: bank, bias: [0.4 * scale] };
    const ussMemory = { 'uss.featureMemory': bank, 'uss.bias': memory.bias };
    const both = new UniTSFaceLoss({ ...options, classLoss: withState(new CosFaceLoss(options), weights) });
    return drawCurves(
      [
        lossCurve('UniTSFaceLoss', withState(both, ussMemory), own, started),
        lossCurve('its CosFaceLoss', withState(new CosFaceLoss(options), weights), own, scaled),
        lossCurve('its UssLoss', withState(new UssLoss(options), memory), own, scaled),
      ],
      { label: 'cosine with class weight and latest embedding of the person', thresholds: [0.4] },
    );
  },
  'sample-to-sample': () => {
    const memory = { featureMemory: bank };
    const biased = { ...memory, bias: [0.4 * scale, 0.9 * scale] };
    return drawCurves(
      [
        lossCurve(
          'SampleToSampleSoftmaxLoss',
          withState(new SampleToSampleSoftmaxLoss(options), memory),
          own,
          scaled,
        ),
        lossCurve(
          'SampleToSampleBceLoss',
          withState(new SampleToSampleBceLoss(options), biased),
          own,
          scaled,
        ),
      ],
      { label: 'cosine with the latest embedding of the same person' },
    );
  },
  epl: () =>
    drawCurves(
      [
        lossCurve(
          'EplLoss, base CosFace',
          withState(new EplLoss(options), { ...weights, empiricalPrototypes: bank }),
          own,
          started,
        ),
        lossCurve('CosFaceLoss', withState(new CosFaceLoss(options), weights), own, scaled),
      ],
      { label: 'cosine with class weight and prototype of the class' },
    ),
  'subcenter-arcface': () => {
    // The second center of class 0 is at 120° from the first, on the path of the sample.
    const centers = [
      [1, 0, 0],
      [-0.5, 0, Math.sqrt(0.75)],
      [0, 1, 0],
      [0, 1, 0],
    ];
    const loss = new SubCenterArcFaceLoss({ ...options, subCenters: 2 });
    return drawCurves(
      [
        lossCurve('SubCenterArcFaceLoss, 2 centers', withState(loss, { weight: centers }), own, scaled),
        lossCurve('ArcFaceLoss', withState(new ArcFaceLoss(options), weights), own, scaled),
      ],
      { label: 'cosine with the first center of the class; the second is at −0.5' },
    );
  },
  adaface: () => {
    const make = () =>
      withState(new AdaFaceLoss({ ...options, statisticsMomentum: 0 }), {
        ...{ ...weights, normMean: [20], normStd: [5] },
      });
    const curve = (name: string, length: number) =>
      lossCurve(name, make(), (cosine) => pairOfLengths(cosine, length), scaled);
    return drawCurves(
      [curve('good image, norm 40', 40), curve('average, norm 20', 20), curve('bad image, norm 1', 1)],
      { label: ownLabel },
    );
  },
  magface: () => {
    const curve = (name: string, length: number) =>
      lossCurve(name, withState(new MagFaceLoss(options), weights), (cosine) => own(cosine, length), scaled);
    return drawCurves([curve('norm 110', 110), curve('norm 60', 60), curve('norm 10', 10)], {
      label: ownLabel,
    });
  },
  'hard-negatives': () => {
    const curricular = (mean: number) =>
      withState(new CurricularFaceLoss({ ...options, statisticsMomentum: 0 }), {
        ...{ ...weights, targetCosineMean: [mean] },
      });
    const settings = { scale, limit: 0.86 };
    const arc = withState(new ArcFaceLoss(options), weights);
    return drawCurves(
      [
        lossCurve('ArcFaceLoss', arc, other(0.5), settings),
        lossCurve('CurricularFaceLoss, early (t = 0)', curricular(0), other(0.5), settings),
        lossCurve('CurricularFaceLoss, late (t = 0.8)', curricular(0.8), other(0.5), settings),
        lossCurve('MvSoftmaxLoss', withState(new MvSoftmaxLoss(options), weights), other(0.5), settings),
      ],
      { label: 'cosine with another class (own class: 0.5)' },
    );
  },
  sphereface2: () => {
    const make = () => withState(new SphereFace2Loss({ ...options, biasInit: 8 }), weights);
    const loss = make();
    const thresholds = [loss.threshold()!.cosine];
    loss.dispose();
    return drawCurves(
      [lossCurve('own class', make(), own, scaled), lossCurve('another class', make(), other(0), scaled)],
      { label: bothLabel, thresholds },
    );
  },
  unpg: () =>
    drawCurves(
      [
        lossCurve(
          'UnpgLoss',
          withState(new UnpgLoss({ ...options, whisker: 100 }), weights),
          pair([0, 1]),
          scaled,
        ),
        lossCurve('CosFaceLoss', withState(new CosFaceLoss(options), weights), pair([0, 1]), scaled),
      ],
      { label: 'cosine with another person of the batch' },
    ),
  vpl: () => {
    const loss = new VplLoss({ ...options, startIteration: 0, injection: 0.3 });
    const memory = [
      [-0.5, 0, Math.sqrt(0.75)],
      [0, 1, 0],
    ];
    const remembered = { ...weights, memory, memoryIterations: [1, 1], iteration: [2] };
    return drawCurves(
      [
        lossCurve('VplLoss, λ = 0.3', withState(loss, remembered), own, scaled),
        lossCurve('CosFaceLoss', withState(new CosFaceLoss(options), weights), own, scaled),
      ],
      { label: 'cosine with the class weight; the latest sample of the class is at −0.5' },
    );
  },
  tcm: () =>
    drawCurves(
      [
        lossCurve('a pair of the same person', new TcmLoss(sizes), pair([0, 0])),
        lossCurve('a pair of different people', new TcmLoss(sizes), pair([0, 1])),
      ],
      { label: 'cosine of two samples of the batch', thresholds: [0.5, 0.9] },
    ),
};

function combined(): CombinedMarginLoss {
  return new CombinedMarginLoss({ ...options, angularMargin: 0.3, cosineMargin: 0.2 });
}

/** AdaFace standardises norms over a batch, so it needs two samples. */
function pairOfLengths(cosine: number, length: number): Batch {
  const { rows } = own(cosine, length);
  return { rows: [rows[0]!, [20, 0, 0]], labels: [0, 0] };
}
