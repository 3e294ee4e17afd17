import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/** The cpu backend with the reads of a GPU: results of kernels must be awaited before they can be read synchronously. */
class DeviceBackend extends MathBackendCPU {
  readonly #onDevice = new WeakSet<object>();

  override makeTensorInfo(...args: Parameters<MathBackendCPU['makeTensorInfo']>): tf.TensorInfo {
    const info = super.makeTensorInfo(...args);
    this.#onDevice.add(info.dataId);
    return info;
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    this.#onDevice.delete(dataId);
    return super.read(dataId);
  }

  override readSync(dataId: object): tf.BackendValues {
    if (this.#onDevice.has(dataId)) throw new Error('This value is on the device; await data() first.');
    return super.readSync(dataId);
  }
}

/** Registers the backend and activates it. */
export async function useDeviceBackend(): Promise<void> {
  tf.registerBackend('device', () => new DeviceBackend());
  tf.copyRegisteredKernels('cpu', 'device');
  await tf.setBackend('device');
}
