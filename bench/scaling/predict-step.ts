/** What a training step costs one rank, measured on one machine. Times in seconds. */
export interface StepCosts {
  /** Forward and backward pass of the network for one image. */
  readonly image: number;
  /** What the network costs a step whatever its batch: above all, the update of its weights. */
  readonly network: number;
  /** The loss of one sample against one class, with its gradients. */
  readonly pair: number;
  /** What a class costs a step whatever the batch: above all, the update of its weights. */
  readonly class: number;
  /** Number of trained values of the network. */
  readonly parameters: number;
  readonly embeddingSize: number;
}

/** A training step on several ranks. */
export interface ScalingPlan {
  readonly ranks: number;
  /** Images of each rank; the batch of the step is this times `ranks`. */
  readonly batchPerRank: number;
  /** Classes that take part in a step. */
  readonly classes: number;
  /** Whether each rank computes the loss of its share of the classes, or all ranks that of all classes. */
  readonly isSharded: boolean;
  /** Rate of the link of a rank, in bits a second. */
  readonly bandwidth: number;
  /** Time until the first byte of a message arrives, in seconds. */
  readonly latency: number;
  /** Whether gradients of the network travel while the backward pass of the rest goes on. */
  readonly overlaps: boolean;
}

/** Share of the backward pass in the time of a network: it computes two products for each of the forward pass. */
const backwardShare = 2 / 3;

/**
 * Predicts the duration of a step in seconds: the network on the own images, the loss, and what the ranks exchange. A ring sends
 * `2 (N − 1) / N` of what it sums, and half of that of what it collects (Patarasuk and Yuan 2009).
 */
export function predictStep(costs: StepCosts, plan: ScalingPlan): number {
  const { ranks, batchPerRank, classes, isSharded, bandwidth, latency, overlaps } = plan;
  const batch = ranks * batchPerRank;
  const ownClasses = isSharded ? classes / ranks : classes;
  const network = batchPerRank * costs.image + costs.network;
  const loss = ownClasses * (batch * costs.pair + costs.class);
  const rounds = ranks - 1;
  const travel = (values: number, passes: number) =>
    passes * rounds * (latency + (32 * values) / ranks / bandwidth);
  const gradients = travel(costs.parameters, 2);
  // Embeddings are collected; with shards, the parts of their gradients are summed, each rank's for itself.
  const embeddings = travel(batch * costs.embeddingSize, isSharded ? 2 : 1);
  const hidden = overlaps ? Math.min(gradients, batchPerRank * costs.image * backwardShare) : 0;
  return ranks === 1 ? network + loss : network + loss + gradients + embeddings - hidden;
}

/** How many times faster the ranks of a plan are than one with the same batch and classes. */
export function predictSpeedup(costs: StepCosts, plan: ScalingPlan): number {
  const alone = { ...plan, ranks: 1, batchPerRank: plan.ranks * plan.batchPerRank };
  return predictStep(costs, alone) / predictStep(costs, plan);
}
