import { type LossDescriptor, type NumberOption, type OptionDescriptor, sizeOptions } from '@openset/core';
import { z } from 'zod';
import { losses } from '../losses.ts';
import { isModuleReference, knownLosses } from './loss-modules.ts';
import { objectSchema } from './parse-settings.ts';

/** The loss in a configuration file: `loss.getConfig()` without sizes and seed, which follow from data, network and run. */
export interface LossSettings {
  /** Class name of the loss. */
  readonly loss: string;
  /** Source of the loss, `MODULE#EXPORT`; omitted for losses of this repository. */
  readonly module?: string;
  readonly [option: string]: unknown;
}

/** Returns the losses nested in a loss, by name: the class loss, or the parts. */
export function nestedLosses(settings: LossSettings): readonly [name: string, loss: LossSettings][] {
  const { classLoss, parts = {} } = settings as {
    readonly classLoss?: LossSettings;
    // A part is a loss, or an object with a loss.
    readonly parts?: Readonly<Record<string, LossSettings | { readonly loss: LossSettings }>>;
  };
  const inParts = Object.entries(parts).map(([name, part]): [string, LossSettings] => [
    name,
    typeof part.loss === 'string' ? (part as LossSettings) : part.loss,
  ]);
  return classLoss ? [['classLoss', classLoss]] : inParts;
}

/** Returns whether a loss takes another loss, over class weights. */
export function hasClassLoss({ options }: LossDescriptor): boolean {
  return options.classLoss?.type === 'loss';
}

/** The schema that was built last, for so many losses. Loaded modules only add losses. */
let last: { readonly count: number; readonly schema: z.ZodType<LossSettings> } | undefined;

/** Returns the schema of all known losses. Building it takes 20 to 40 ms, and `openset train` reads losses several times. */
export function lossSchema(): z.ZodType<LossSettings> {
  const known = knownLosses();
  if (last?.count !== known.length) last = { count: known.length, schema: buildSchema(known) };
  return last.schema;
}

/** Builds the schema of losses from their descriptors. */
function buildSchema(known: readonly LossDescriptor[]): z.ZodType<LossSettings> {
  const isCombination = ({ options }: LossDescriptor) =>
    Object.values(options).some(({ type }) => type === 'parts');
  const withWeights = known.filter(({ hasClassWeights }) => hasClassWeights);
  const innermost = withWeights.filter((one) => !hasClassLoss(one)).map((one) => schemaOf(one, {}));
  // Schemas with an id appear once in the JSON schema, under `definitions`.
  const nested = { classLoss: z.discriminatedUnion('loss', tuple(innermost)).meta({ id: 'innermostLoss' }) };
  const classLosses = withWeights.map((one) => schemaOf(one, nested));
  const classLoss = z.discriminatedUnion('loss', tuple(classLosses)).meta({ id: 'classLoss' });
  const parts = known.filter((one) => !isCombination(one)).map((one) => schemaOf(one, { classLoss }));
  const part = z.discriminatedUnion('loss', tuple(parts)).meta({ id: 'part' });
  return z.discriminatedUnion(
    'loss',
    tuple(known.map((one) => schemaOf(one, { classLoss, part }))),
  ) as unknown as z.ZodType<LossSettings>;
}

/** Schemas of losses nested in others. */
interface NestedSchemas {
  readonly classLoss?: z.ZodType;
  readonly part?: z.ZodType;
}

type LossObject = z.ZodObject<{ loss: z.ZodLiteral<string> }>;

function schemaOf(descriptor: LossDescriptor, nested: NestedSchemas): LossObject {
  const { name, summary, options } = descriptor;
  const own = Object.entries(options).filter(([key]) => !(sizeOptions as readonly string[]).includes(key));
  const shape = Object.fromEntries(own.map(([key, option]) => [key, optionSchema(option, nested)]));
  const module = losses.includes(descriptor) ? {} : { module: z.string().refine(isModuleReference) };
  return objectSchema({ loss: z.literal(name), ...module, ...shape }).describe(
    summary,
  ) as unknown as LossObject;
}

function optionSchema(option: OptionDescriptor, nested: NestedSchemas): z.ZodType {
  const { required = false, description } = option;
  const value = valueSchema(option, nested);
  const schema = required ? value : value.optional();
  return schema.meta({ description, ...('default' in option ? { default: option.default } : {}) });
}

function valueSchema(option: OptionDescriptor, { classLoss, part }: NestedSchemas): z.ZodType {
  switch (option.type) {
    case 'number':
      return numberSchema(option);
    case 'boolean':
      return z.boolean();
    case 'choice':
      return z.enum(option.choices as [string, ...string[]]);
    case 'text':
      return z.string();
    case 'loss':
      return classLoss ?? z.never();
    case 'parts':
      return partsSchema(part ?? z.never());
  }
}

function numberSchema({ minimum, above, maximum, below, integer, words, list }: NumberOption): z.ZodType {
  let number: z.ZodNumber = integer ? z.int() : z.number();
  if (minimum !== undefined) number = number.min(minimum);
  if (above !== undefined) number = number.gt(above);
  if (below !== undefined) number = number.lt(below);
  if (maximum !== undefined) number = number.max(maximum);
  if (words) return z.union([z.literal([...words]), number]);
  return list ? z.union([number, z.array(number)]) : number;
}

function partsSchema(part: z.ZodType): z.ZodType {
  const epoch = z.int().min(1).optional();
  const weighted = objectSchema({
    loss: part,
    weight: z.number().optional(),
    startEpoch: epoch,
    endEpoch: epoch,
  });
  return z
    .record(z.string(), z.union([weighted, part]))
    .refine((parts) => Object.keys(parts).length > 0, 'needs at least one part.');
}

function tuple(schemas: readonly LossObject[]): [LossObject, ...LossObject[]] {
  return schemas as [LossObject, ...LossObject[]];
}
