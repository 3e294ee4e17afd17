import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/** The cpu backend, behaving as a GPU's: what a kernel has computed must be waited for before it can be read at once. */
class DeviceBackend extends MathBackendCPU {
  readonly #onDevice = new WeakSet<object>();

  override makeTensorInfo(...given: Parameters<MathBackendCPU['makeTensorInfo']>): tf.TensorInfo {
    const info = super.makeTensorInfo(...given);
    this.#onDevice.add(info.dataId);
    return info;
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    this.#onDevice.delete(dataId);
    return super.read(dataId);
  }

  override readSync(dataId: object): tf.BackendValues {
    if (this.#onDevice.has(dataId)) throw new Error('This value is on the device; await data() to read it.');
    return super.readSync(dataId);
  }
}

/** Registers the backend and makes it the active one. */
export async function useDeviceBackend(): Promise<void> {
  tf.registerBackend('device', () => new DeviceBackend());
  tf.copyRegisteredKernels('cpu', 'device');
  await tf.setBackend('device');
}
