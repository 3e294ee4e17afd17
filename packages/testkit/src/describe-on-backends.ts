import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe } from 'vitest';

/**
 * Registers a vitest `describe` for every registered tfjs backend. Import the packages of the backends first, such as
 * `import '@tensorflow/tfjs-backend-cpu'`.
 *
 * @param tests registers the tests; receives the name of the backend, such as `cpu`
 * @throws ConfigError if no backend is registered, because tests that run nowhere would pass
 */
export function describeOnBackends(name: string, tests: (backend: string) => void): void {
  const backends = Object.keys(tf.engine().registryFactory);
  if (backends.length === 0) {
    throw new ConfigError(
      "No tfjs backend is registered. Import one in the test file, such as import '@tensorflow/tfjs-backend-cpu'.",
    );
  }
  describe.each(backends)(`${name} on %s`, (backend) => {
    beforeAll(async () => {
      await tf.setBackend(backend);
      await tf.ready();
    });
    tests(backend);
  });
}
