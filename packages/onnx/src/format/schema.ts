/** Type of a field: a scalar type of protobuf, or a message. */
export type FieldType = 'int32' | 'int64' | 'float' | 'string' | 'bytes' | MessageName;

/** Number and type of a field in `onnx.proto`. A `repeated` field is an array. */
export interface Field {
  readonly number: number;
  readonly type: FieldType;
  readonly repeated?: boolean;
}

/** Messages of `onnx.proto` that openset writes or reads. */
export type MessageName =
  | 'Model'
  | 'ModelHeader'
  | 'OperatorSetId'
  | 'StringStringEntry'
  | 'Graph'
  | 'Node'
  | 'Attribute'
  | 'Tensor'
  | 'ValueInfo'
  | 'Type'
  | 'TensorType'
  | 'TensorShape'
  | 'Dimension';

const one = (number: number, type: FieldType): Field => ({ number, type });
const many = (number: number, type: FieldType): Field => ({ number, type, repeated: true });

/** The fields of a model except its graph, so that metadata can be read without decoding the weights. */
const modelHeader = {
  irVersion: one(1, 'int64'),
  producerName: one(2, 'string'),
  producerVersion: one(3, 'string'),
  opsetImport: many(8, 'OperatorSetId'),
  metadataProps: many(14, 'StringStringEntry'),
};

/**
 * The subset of `onnx.proto` (ONNX 1.8 and later, proto2) that openset uses, with the field names of the specification in
 * camelCase. Readers skip all other fields.
 */
export const schema: Readonly<Record<MessageName, Readonly<Record<string, Field>>>> = {
  Model: { ...modelHeader, graph: one(7, 'Graph') },
  ModelHeader: modelHeader,
  OperatorSetId: { domain: one(1, 'string'), version: one(2, 'int64') },
  StringStringEntry: { key: one(1, 'string'), value: one(2, 'string') },
  Graph: {
    node: many(1, 'Node'),
    name: one(2, 'string'),
    initializer: many(5, 'Tensor'),
    input: many(11, 'ValueInfo'),
    output: many(12, 'ValueInfo'),
  },
  Node: {
    input: many(1, 'string'),
    output: many(2, 'string'),
    name: one(3, 'string'),
    opType: one(4, 'string'),
    attribute: many(5, 'Attribute'),
  },
  Attribute: {
    name: one(1, 'string'),
    f: one(2, 'float'),
    i: one(3, 'int64'),
    s: one(4, 'bytes'),
    ints: many(8, 'int64'),
    type: one(20, 'int32'),
  },
  Tensor: {
    dims: many(1, 'int64'),
    dataType: one(2, 'int32'),
    name: one(8, 'string'),
    rawData: one(9, 'bytes'),
  },
  ValueInfo: { name: one(1, 'string'), type: one(2, 'Type') },
  Type: { tensorType: one(1, 'TensorType') },
  TensorType: { elemType: one(1, 'int32'), shape: one(2, 'TensorShape') },
  TensorShape: { dim: many(1, 'Dimension') },
  Dimension: { dimValue: one(1, 'int64'), dimParam: one(2, 'string') },
};

/** A model as plain objects with the fields of `schema`. */
export interface ModelProto extends ModelHeaderProto {
  readonly graph: GraphProto;
}

export interface ModelHeaderProto {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

export interface GraphProto {
  readonly name: string;
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeProto[];
}

export interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}

export interface TensorProto {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly rawData: Uint8Array;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly { readonly dimValue?: number; readonly dimParam?: string }[] };
    };
  };
}
