import { z } from 'zod';
import { objectSchema } from './parse-settings.ts';

const count = z.int().min(1).optional();
const blocks = z.array(z.int().min(1)).min(1).optional();
const common = {
  inputSize: z.union([z.int().min(1), z.tuple([z.int().min(1), z.int().min(1)])]).optional(),
  channels: z.literal([1, 3]).optional(),
  embeddingSize: count,
  checkpointing: z.boolean().optional(),
};

/** Schema of a network in a configuration: `getConfig()` of the backbone without the seed. */
export const networkSchema = z.discriminatedUnion('backbone', [
  objectSchema({
    backbone: z.literal('lresnet-ir'),
    depth: z.literal([18, 34, 50, 100, 200]).optional(),
    blocks,
    width: count,
    ...common,
    dropout: z.number().min(0).max(0.99).optional(),
  }),
  objectSchema({ backbone: z.literal('mobile-facenet'), width: count, ...common }),
  objectSchema({ backbone: z.literal('small-cnn'), width: count, ...common }),
  objectSchema({
    backbone: z.literal('cifar-resnet'),
    depth: z.literal([18, 50]).optional(),
    width: count,
    ...common,
  }),
  objectSchema({ backbone: z.literal('cifar-densenet'), blocks, growthRate: count, ...common }),
]);

/** A network in a configuration. */
export type NetworkSettings = z.output<typeof networkSchema>;
