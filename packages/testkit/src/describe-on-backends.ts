import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe } from 'vitest';

/**
 * A vitest `describe` for every tfjs backend that is registered: import the backend packages to be tested
 * (`import '@tensorflow/tfjs-backend-cpu'`) before calling it.
 * @throws ConfigError if none is registered: tests that run nowhere would pass
 */
export function describeOnBackends(name: string, tests: (backend: string) => void): void {
  const backends = Object.keys(tf.engine().registryFactory);
  if (backends.length === 0) {
    throw new ConfigError(
      "No tfjs backend is registered: import one in the test file, as in import '@tensorflow/tfjs-backend-cpu'.",
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
