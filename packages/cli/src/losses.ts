import { bceDiverseDescriptor, bceUnifiedDescriptor } from '@openset/bce-unified';
import { combinedLossDescriptor, type LossDescriptor } from '@openset/core';
import { eplDescriptor } from '@openset/epl';
import {
  arcFaceDescriptor,
  combinedMarginDescriptor,
  cosFaceDescriptor,
  softmaxDescriptor,
} from '@openset/margin';
import {
  sampleToSampleBceDescriptor,
  sampleToSampleSoftmaxDescriptor,
  uniTSFaceDescriptor,
  ussDescriptor,
} from '@openset/uss';

/** Descriptors of all losses in this repository. Add a new loss here; everything else follows from its descriptor. */
export const losses: readonly LossDescriptor[] = [
  softmaxDescriptor,
  cosFaceDescriptor,
  arcFaceDescriptor,
  combinedMarginDescriptor,
  bceUnifiedDescriptor,
  bceDiverseDescriptor,
  ussDescriptor,
  uniTSFaceDescriptor,
  sampleToSampleSoftmaxDescriptor,
  sampleToSampleBceDescriptor,
  eplDescriptor,
  combinedLossDescriptor,
];
