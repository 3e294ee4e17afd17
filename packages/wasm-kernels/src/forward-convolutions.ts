import { type backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { activationKernels } from './activation.ts';
import { type ConvolutionAttributes, convolutionGeometry } from './convolution-geometry.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { convolve, isCompiled } from './native-convolution.ts';
import { depthwiseConvolve, isCompiledDepthwise } from './native-depthwise.ts';
import { nativeModule } from './native-module.ts';
import { type ConvolutionName, isDepthwise, runStockConvolution } from './stock-convolution.ts';

interface Inputs {
  x: TensorInfo;
  filter: TensorInfo;
}

interface FusedInputs extends Inputs {
  bias?: TensorInfo | null;
  preluActivationWeights?: TensorInfo | null;
}

interface FusedAttributes extends ConvolutionAttributes {
  activation: backend_util.Activation;
  leakyreluAlpha?: number;
}

/** The tfjs kernels of the same names: compiled if the geometry is supported, else stock. */
export const conv2D = plainKernel('Conv2D');
export const depthwiseConv2D = plainKernel('DepthwiseConv2dNative');
export const fusedConv2D = fusedKernel('FusedConv2D');
export const fusedDepthwiseConv2D = fusedKernel('FusedDepthwiseConv2D');

function plainKernel(name: ConvolutionName): ScopedKernel<Inputs, ConvolutionAttributes> {
  return (scope, { x, filter }, attributes) =>
    runCompiled(scope, name, { x, filter }, attributes) ??
    runStockConvolution(scope, name, { x, filter }, attributes);
}

/** Returns a kernel that computes convolution and bias in one step, then the activation. */
function fusedKernel(name: ConvolutionName): ScopedKernel<FusedInputs, FusedAttributes> {
  return (scope, inputs, attributes) => {
    const { activation, leakyreluAlpha } = attributes;
    const kernel = activationKernels[activation];
    const isKnown = kernel !== undefined || activation === 'linear' || activation === 'prelu';
    const result = isKnown ? runCompiled(scope, name, inputs, attributes) : null;
    // The stock kernel also reports a bias of the wrong shape and an unknown activation.
    if (!result) return runStockConvolution(scope, name, inputs, attributes);
    if (activation === 'prelu') {
      return scope.run('Prelu', { x: result, alpha: inputs.preluActivationWeights! });
    }
    return kernel ? scope.run(kernel, { x: result }, { alpha: leakyreluAlpha }) : result;
  };
}

/** Returns the compiled convolution plus bias, or null if it is unsupported. */
function runCompiled(
  scope: KernelScope,
  name: ConvolutionName,
  { x, filter, bias = null }: FusedInputs,
  attributes: ConvolutionAttributes,
): TensorInfo | null {
  const native = nativeModule(scope.backend);
  if (!native) return null;
  const geometry = convolutionGeometry(name, x.shape, filter.shape, attributes, isDepthwise(name));
  const { batch, outChannels, height, width } = geometry;
  const shape = [batch, height.output, width.output, outChannels];
  if (util.sizeFromShape(shape) * util.sizeFromShape(filter.shape) === 0) return null;
  if (bias && !util.arraysEqual(bias.shape, [outChannels])) return null;
  if (isDepthwise(name)) {
    if (!isCompiledDepthwise(geometry)) return null;
    return depthwiseConvolve(scope, native, x, filter, bias, geometry);
  }
  return isCompiled(geometry) ? convolve(scope, native, x, filter, bias, geometry) : null;
}
