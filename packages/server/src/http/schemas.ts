import { type Static, type TSchema, Type } from 'typebox';

/** Schemas that the OpenAPI document lists under their names. */
export const namedSchemas: TSchema[] = [];

/** Registers a schema under a name, and returns a reference to it. */
export function named<T extends TSchema>(name: string, schema: T) {
  namedSchemas.push({ ...schema, $id: name });
  return Type.Unsafe<Static<T>>({ $ref: `${name}#` });
}

/** Returns a schema that allows null too. */
export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** Returns the schema of an object without other properties than these. */
export function closed<T extends Record<string, TSchema>>(properties: T, description?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(description && { description }) });
}

const numberOrNull = (description: string) =>
  Type.Unsafe<number | null>({ type: ['number', 'null'], description });
const textOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], description });

export const ErrorAnswer = named(
  'Error',
  closed({
    error: closed({
      code: Type.String({ description: 'A word for programs, such as `no-face`.' }),
      message: Type.String({ description: 'What is wrong and what to do, for people.' }),
      details: Type.Optional(
        Type.Unsafe<unknown>({ description: 'More facts; their form depends on the code.' }),
      ),
    }),
  }),
);

export const Box = named(
  'Box',
  closed(
    { x: Type.Number(), y: Type.Number(), width: Type.Number(), height: Type.Number() },
    'In pixels of the upright image.',
  ),
);

const faceProperties = {
  box: Type.Union([Box, Type.Null()], { description: 'Null for an image that was taken whole.' }),
  score: numberOrNull('Confidence of the detector, from 0 to 1; null for an image that was taken whole.'),
  reason: textOrNull('Why the face cannot be recognised; null if it can.'),
};

export const Face = named('Face', closed(faceProperties));

export const Question = named(
  'Question',
  Type.Union(
    [
      closed({
        kind: Type.Literal('pair'),
        odds: Type.Number({
          exclusiveMinimum: 0,
          description: 'P(same person) / P(different people) among the pairs.',
        }),
      }),
      closed({
        kind: Type.Literal('gallery'),
        size: Type.Integer({ minimum: 1, description: 'Number of people in the gallery.' }),
        rate: Type.Optional(
          Type.Number({
            exclusiveMinimum: 0,
            exclusiveMaximum: 1,
            description: 'Largest share of strangers accepted as somebody; missing for the fewest errors.',
          }),
        ),
      }),
      closed({
        kind: Type.Literal('far'),
        rate: Type.Number({
          minimum: 0,
          maximum: 1,
          description: 'Largest share of accepted pairs of different people.',
        }),
      }),
    ],
    { description: 'Question that a threshold answers.' },
  ),
);

const thresholdProperties = {
  threshold: Type.Number({ description: 'Accept iff the cosine is at least this.' }),
  source: Type.String({
    description:
      'Origin: `operating-point` (chosen for this gallery), `request`, `given` (at the start), or that of the model.',
  }),
  question: Type.Union([Question, Type.Null()], {
    description: 'Question that it answers; null if unknown.',
  }),
  questionText: textOrNull('The question in words.'),
};

export const Threshold = named('Threshold', closed(thresholdProperties));

export const SearchThreshold = named(
  'SearchThreshold',
  closed({
    ...thresholdProperties,
    falseAlarms: numberOrNull('Expected share of strangers accepted as somebody; null if unknown.'),
    falseAlarmsBound: numberOrNull(
      'Upper end of the 95 % confidence interval of that share; null if unknown.',
    ),
    isExtrapolated: Type.Boolean({
      description: 'Whether the gallery is larger than those that were measured.',
    }),
  }),
);

const imageSize = {
  width: Type.Integer({ description: 'Width of the upright image in pixels.' }),
  height: Type.Integer({ description: 'Height of the upright image in pixels.' }),
};

export const VerifyAnswer = named(
  'VerifyAnswer',
  closed({
    same: Type.Boolean({ description: 'Whether the cosine is at least the threshold.' }),
    cosine: Type.Number({ description: 'Cosine of the two embeddings, from -1 to 1.' }),
    probability: numberOrNull(
      'Probability that both show one person, if half of the pairs do; null if unknown.',
    ),
    threshold: Threshold,
    first: named(
      'VerifiedImage',
      closed({
        ...imageSize,
        face: Face,
        faceCount: Type.Integer({ description: 'Number of faces on the image.' }),
      }),
    ),
    second: Type.Unsafe<{ width: number; height: number; face: Static<typeof Face>; faceCount: number }>({
      $ref: 'VerifiedImage#',
    }),
  }),
);

export const Candidate = named(
  'Candidate',
  closed({
    id: Type.String({ description: 'Identifier of the person.' }),
    name: Type.String({ description: 'Name of the person.' }),
    cosine: Type.Number({ description: 'Cosine with the face, from -1 to 1.' }),
  }),
);

export const IdentifyAnswer = named(
  'IdentifyAnswer',
  closed({
    ...imageSize,
    people: Type.Integer({ description: 'Number of people in the gallery.' }),
    threshold: SearchThreshold,
    faces: Type.Array(
      named(
        'IdentifiedFace',
        closed({
          ...faceProperties,
          person: Type.Union([closed({ id: Type.String(), name: Type.String() }), Type.Null()], {
            description: 'The person; null for unknown, and for a face that cannot be recognised.',
          }),
          cosine: numberOrNull(
            'Highest cosine; null if the gallery is empty or the face cannot be recognised.',
          ),
          probability: numberOrNull('Probability that the nearest person is the right one; null if unknown.'),
          candidates: Type.Array(Candidate, { description: 'Nearest people, highest cosine first.' }),
        }),
      ),
      { description: 'From left to right.' },
    ),
  }),
);

export const EmbedAnswer = named(
  'EmbedAnswer',
  closed({
    ...imageSize,
    fingerprint: Type.String({ description: 'Model of the embeddings. Those of two models do not match.' }),
    faces: Type.Array(
      named(
        'EmbeddedFace',
        closed({
          ...faceProperties,
          embedding: Type.Union([Type.Array(Type.Number()), Type.Null()], {
            description: 'At unit length; null if the face cannot be recognised.',
          }),
        }),
      ),
      { description: 'From left to right.' },
    ),
  }),
);

export const Metadata = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'Any JSON object.',
});

export const PersonAnswer = named(
  'Person',
  closed({
    id: Type.String({ description: 'Identifier that never changes.' }),
    name: Type.String({ description: 'Unique in the gallery.' }),
    metadata: Metadata,
    enrolledAt: Type.String({ description: 'ISO 8601 in UTC.' }),
    photoCount: Type.Integer({ description: 'Number of photos.' }),
  }),
);

export const PeopleAnswer = named(
  'People',
  closed({
    people: Type.Array(PersonAnswer, { description: 'By name, in the order of Unicode code points.' }),
    next: textOrNull('`after` of the next page; null if this page is the last.'),
  }),
);

export const Photo = named(
  'Photo',
  closed({
    id: Type.String({ description: 'Identifier of the embedding. The image itself is not stored.' }),
    source: textOrNull('Name of the uploaded file; null if unknown.'),
    enrolledAt: Type.String({ description: 'ISO 8601 in UTC.' }),
  }),
);

export const PhotosAnswer = named('Photos', closed({ photos: Type.Array(Photo) }));

export const RefusedPhoto = named(
  'RefusedPhoto',
  closed({
    index: Type.Integer({ description: 'Place among the images of the request, from 0.' }),
    source: textOrNull('Name of the uploaded file; null if unknown.'),
    code: Type.String({
      description: 'Why, for programs: `no-face`, `several-faces`, or a code of an image.',
    }),
    reason: Type.String({ description: 'Why, for people.' }),
    faces: Type.Array(Face),
  }),
);

export const EnrollAnswer = named(
  'Enrollment',
  closed({
    person: PersonAnswer,
    isNew: Type.Boolean({ description: 'Whether the request created the person.' }),
    photos: Type.Array(Photo, { description: 'The new photos.' }),
    refused: Type.Array(RefusedPhoto, { description: 'Images that were not enrolled.' }),
    warnings: Type.Array(Type.String(), { description: 'What looks wrong about the new photos.' }),
  }),
);

export const ModelAnswer = named(
  'Model',
  closed({
    name: Type.String({ description: 'Name for people, such as that of the file.' }),
    fingerprint: Type.String({ description: 'Hash of everything that changes an embedding.' }),
    embeddingSize: Type.Integer({ description: 'Number of values of an embedding.' }),
    crop: Type.String({ description: 'How images are cropped, in words.' }),
    comparison: Type.String({
      description: 'How a search compares: with the `mean` or the `best` embedding of a person.',
    }),
    gallery: closed(
      { people: Type.Integer(), embeddings: Type.Integer() },
      'Number of people and of their embeddings.',
    ),
    pairs: Threshold,
    search: SearchThreshold,
  }),
);

export const OperatingPointsAnswer = named(
  'OperatingPoints',
  closed({
    people: Type.Integer({ description: 'Number of people in the gallery.' }),
    current: SearchThreshold,
    model: SearchThreshold,
    points: Type.Array(
      closed({
        rate: Type.Number({ description: 'Share of strangers accepted as somebody.' }),
        threshold: Type.Number({ description: 'Threshold that keeps the rate in a gallery of this size.' }),
        missed: Type.Number({ description: 'Share of enrolled people that are not recognised.' }),
        isExtrapolated: Type.Boolean({
          description: 'Whether the gallery is larger than those that were measured.',
        }),
      }),
      { description: 'From the highest rate to the lowest.' },
    ),
    reason: textOrNull('Why there are no points; null if there are.'),
  }),
);

export const OperatingPointBody = closed({
  threshold: Type.Number({ minimum: -1, maximum: 1 }),
  question: Type.Optional(nullable(Question)),
});

export const Health = named('Health', closed({ status: Type.String() }));
