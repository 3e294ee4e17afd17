import type { GraphProto, ValueInfoProto } from '../format/schema.ts';
import type { Attribute } from './attributes.ts';
import { type ConstantTensor, toTensorProto } from './tensor.ts';

/** An operation of the graph with one result. */
export interface GraphNode {
  readonly name: string;
  readonly opType: string;
  /** Names of values and constants; an empty name is an omitted input. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Builds a graph of nodes and constants. Each node comes after its inputs. */
export class GraphBuilder {
  nodes: GraphNode[] = [];
  readonly constants = new Map<string, ConstantTensor>();
  readonly #names = new Set<string>();
  readonly #constantNames = new Map<string, string>();

  /** Reserves a name and returns it, with a number appended if it is already in use. */
  reserveName(requested: string): string {
    let name = requested;
    for (let count = 2; this.#names.has(name); count++) name = `${requested}_${count}`;
    this.#names.add(name);
    return name;
  }

  /**
   * Adds a constant and returns its name. Calls with the same key share one constant, so a file holds the weights of a
   * shared layer once.
   */
  addConstant(key: string, make: () => ConstantTensor): string {
    const known = this.#constantNames.get(key);
    if (known !== undefined) return known;
    const name = this.reserveName(key);
    this.#constantNames.set(key, name);
    this.constants.set(name, make());
    return name;
  }

  /** Renames the result of a node, in the node and in its readers. */
  rename(from: string, to: string): void {
    this.nodes = this.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => (name === from ? to : name)),
      output: node.output === from ? to : node.output,
    }));
  }

  /** Adds a node, named after its layer, and returns the name of its result. */
  add(
    opType: string,
    inputs: readonly string[],
    { name, attributes = {} }: { name: string; attributes?: Readonly<Record<string, Attribute>> },
  ): string {
    const unique = this.reserveName(name);
    this.nodes.push({ name: unique, opType, inputs, output: unique, attributes });
    return unique;
  }

  /** Returns the graph as a message, without constants that no node reads. */
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
        .map(([key, tensor]) => toTensorProto(key, tensor)),
      input: [input],
      output: [output],
    };
  }
}
