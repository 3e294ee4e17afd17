/** A network and its training. */
export interface TimedTraining {
  /** Trains for a number of steps. */
  train(steps: number): Promise<{ readonly epochs: number; readonly seconds: number }>;
  /** Frees the network and its loss. */
  dispose(): void;
}

/** Steps of the trial that estimates how many fit into the time; the first ones are slower than the rest. */
const trialSteps = { warmup: 10, timed: 60 };

/**
 * Trains a network for some minutes: times a few steps of a network that is then discarded, and trains another for the steps that
 * fit.
 * @param start creates an untrained network; called twice
 * @returns the trained network, which the caller disposes of, and its training
 */
export async function trainForMinutes<Network extends TimedTraining>(
  start: () => Network,
  minutes: number,
): Promise<{ network: Network; steps: number; epochs: number; seconds: number }> {
  const trial = start();
  await trial.train(trialSteps.warmup);
  const { seconds: timed } = await trial.train(trialSteps.timed);
  trial.dispose();
  const steps = Math.max(1, Math.floor((60 * minutes * trialSteps.timed) / timed));
  const network = start();
  return { network, steps, ...(await network.train(steps)) };
}
