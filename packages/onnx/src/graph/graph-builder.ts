import type { GraphProto, ValueInfoProto } from '../format/schema.ts';
import type { Attribute } from './attributes.ts';
import { type ConstantTensor, tensorProto } from './tensor.ts';

/** A computation of the graph, with one result. */
export interface GraphNode {
  readonly name: string;
  readonly opType: string;
  /** Names of values and constants; an empty name stands for an input that is left out. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Collects the nodes and constants of a graph, in an order in which they can be computed. */
export class GraphBuilder {
  nodes: GraphNode[] = [];
  readonly constants = new Map<string, ConstantTensor>();
  readonly #names = new Set<string>();
  readonly #constantNames = new Map<string, string>();

  /** Keeps a name for what the caller calls so, and gives it; a number is added if it is taken. */
  uniqueName(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#names.has(name); count++) name = `${wanted}_${count}`;
    this.#names.add(name);
    return name;
  }

  /**
   * The name of a constant. One that was asked for by the same key is used again: so the weights of a layer that is
   * called more than once stand in the file once.
   */
  constant(key: string, make: () => ConstantTensor): string {
    const known = this.#constantNames.get(key);
    if (known !== undefined) return known;
    const name = this.uniqueName(key);
    this.#constantNames.set(key, name);
    this.constants.set(name, make());
    return name;
  }

  /** Gives a node's result another name, for the node and for all that read it. */
  rename(from: string, to: string): void {
    this.nodes = this.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => (name === from ? to : name)),
      output: node.output === from ? to : node.output,
    }));
  }

  /** Adds a node, named like the layer it stands for, and gives the name of its result. */
  add(
    opType: string,
    inputs: readonly string[],
    { name, attributes = {} }: { name: string; attributes?: Readonly<Record<string, Attribute>> },
  ): string {
    const unique = this.uniqueName(name);
    this.nodes.push({ name: unique, opType, inputs, output: unique, attributes });
    return unique;
  }

  /** The graph as the file holds it, without the constants that no node reads. */
  build(name: string, input: ValueInfoProto, output: ValueInfoProto): GraphProto {
    const used = new Set(this.nodes.flatMap(({ inputs }) => inputs));
    return {
      name,
      node: this.nodes.map((node) => ({
        name: node.name,
        opType: node.opType,
        input: node.inputs,
        output: [node.output],
        attribute: Object.entries(node.attributes).map(([key, value]) => ({ name: key, ...value })),
      })),
      initializer: [...this.constants]
        .filter(([key]) => used.has(key))
        .map(([key, tensor]) => tensorProto(key, tensor)),
      input: [input],
      output: [output],
    };
  }
}
