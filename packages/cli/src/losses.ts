import { bceDiverseDescriptor, bceUnifiedDescriptor } from '@openset/bce-unified';
import { combinedLossDescriptor, type LossDescriptor } from '@openset/core';
import { curricularFaceDescriptor, mvSoftmaxDescriptor } from '@openset/curricular';
import { eplDescriptor } from '@openset/epl';
import {
  arcFaceDescriptor,
  combinedMarginDescriptor,
  cosFaceDescriptor,
  softmaxDescriptor,
  subCenterArcFaceDescriptor,
} from '@openset/margin';
import { unpgDescriptor } from '@openset/negative-pairs';
import { adaFaceDescriptor, magFaceDescriptor } from '@openset/quality';
import { sphereFace2Descriptor } from '@openset/sphereface2';
import { tcmDescriptor } from '@openset/tcm';
import {
  sampleToSampleBceDescriptor,
  sampleToSampleSoftmaxDescriptor,
  uniTSFaceDescriptor,
  ussDescriptor,
} from '@openset/uss';
import { vplDescriptor } from '@openset/vpl';

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
  subCenterArcFaceDescriptor,
  adaFaceDescriptor,
  magFaceDescriptor,
  curricularFaceDescriptor,
  mvSoftmaxDescriptor,
  sphereFace2Descriptor,
  unpgDescriptor,
  vplDescriptor,
  tcmDescriptor,
  combinedLossDescriptor,
];
