// Made from the OpenAPI document of @openset/server by npm run client-schema.

export interface paths {
    "/v1/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Do two images show one person?
         * @description Compares the largest face of each image.
         */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Who is on this image?
         * @description Finds the person of each face among those enrolled, or that it is nobody of them.
         */
        post: operations["identify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/embed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The embeddings of the faces of an image */
        post: operations["embed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the list of people, by name */
        get: operations["listPeople"];
        put?: never;
        /**
         * Enroll a person, or add photos to one
         * @description Answers after the gallery has stored everything. Images are not stored, only their embeddings.
         */
        post: operations["enrollPerson"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A person */
        get: operations["getPerson"];
        put?: never;
        post?: never;
        /** Remove a person and everything of them */
        delete: operations["removePerson"];
        options?: never;
        head?: never;
        /** Rename a person, or replace the metadata */
        patch: operations["updatePerson"];
        trace?: never;
    };
    "/v1/people/{id}/photos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The photos of a person, in order of enrollment */
        get: operations["listPhotos"];
        put?: never;
        /** Add photos to a person */
        post: operations["addPhotos"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people/{id}/photos/{photoId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a photo of a person */
        delete: operations["removePhoto"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/model": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The model, its gallery and the thresholds that decide */
        get: operations["getModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operating-points": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Thresholds to choose from, and what each costs */
        get: operations["listOperatingPoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operating-point": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Choose the threshold of the gallery */
        put: operations["setOperatingPoint"];
        post?: never;
        /** Go back to the threshold of the model */
        delete: operations["resetOperatingPoint"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process works */
        get: operations["isAlive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the service takes requests */
        get: operations["isReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            error: {
                /** @description A word for programs, such as `no-face`. */
                code: string;
                /** @description What is wrong and what to do, for people. */
                message: string;
                /** @description More facts; their form depends on the code. */
                details?: unknown;
            };
        };
        /** @description In pixels of the upright image. */
        Box: {
            x: number;
            y: number;
            width: number;
            height: number;
        };
        Face: {
            /** @description Null for an image that was taken whole. */
            box: components["schemas"]["Box"] | null;
            /** @description Confidence of the detector, from 0 to 1; null for an image that was taken whole. */
            score: number | null;
            /** @description Why the face cannot be recognised; null if it can. */
            reason: string | null;
        };
        /** @description Question that a threshold answers. */
        Question: {
            /** @enum {string} */
            kind: "pair";
            /** @description P(same person) / P(different people) among the pairs. */
            odds: number;
        } | {
            /** @enum {string} */
            kind: "gallery";
            /** @description Number of people in the gallery. */
            size: number;
            /** @description Largest share of strangers accepted as somebody; missing for the fewest errors. */
            rate?: number;
        } | {
            /** @enum {string} */
            kind: "far";
            /** @description Largest share of accepted pairs of different people. */
            rate: number;
        };
        Threshold: {
            /** @description Accept iff the cosine is at least this. */
            threshold: number;
            /** @description Origin: `operating-point` (chosen for this gallery), `request`, `given` (at the start), or that of the model. */
            source: string;
            /** @description Question that it answers; null if unknown. */
            question: components["schemas"]["Question"] | null;
            /** @description The question in words. */
            questionText: string | null;
        };
        SearchThreshold: {
            /** @description Accept iff the cosine is at least this. */
            threshold: number;
            /** @description Origin: `operating-point` (chosen for this gallery), `request`, `given` (at the start), or that of the model. */
            source: string;
            /** @description Question that it answers; null if unknown. */
            question: components["schemas"]["Question"] | null;
            /** @description The question in words. */
            questionText: string | null;
            /** @description Expected share of strangers accepted as somebody; null if unknown. */
            falseAlarms: number | null;
            /** @description Upper end of the 95 % confidence interval of that share; null if unknown. */
            falseAlarmsBound: number | null;
            /** @description Whether the gallery is larger than those that were measured. */
            isExtrapolated: boolean;
        };
        VerifiedImage: {
            /** @description Width of the upright image in pixels. */
            width: number;
            /** @description Height of the upright image in pixels. */
            height: number;
            face: components["schemas"]["Face"];
            /** @description Number of faces on the image. */
            faceCount: number;
        };
        VerifyAnswer: {
            /** @description Whether the cosine is at least the threshold. */
            same: boolean;
            /** @description Cosine of the two embeddings, from -1 to 1. */
            cosine: number;
            /** @description Probability that both show one person, if half of the pairs do; null if unknown. */
            probability: number | null;
            threshold: components["schemas"]["Threshold"];
            first: components["schemas"]["VerifiedImage"];
            second: components["schemas"]["VerifiedImage"];
        };
        Candidate: {
            /** @description Identifier of the person. */
            id: string;
            /** @description Name of the person. */
            name: string;
            /** @description Cosine with the face, from -1 to 1. */
            cosine: number;
        };
        IdentifiedFace: {
            /** @description Null for an image that was taken whole. */
            box: components["schemas"]["Box"] | null;
            /** @description Confidence of the detector, from 0 to 1; null for an image that was taken whole. */
            score: number | null;
            /** @description Why the face cannot be recognised; null if it can. */
            reason: string | null;
            /** @description The person; null for unknown, and for a face that cannot be recognised. */
            person: {
                id: string;
                name: string;
            } | null;
            /** @description Highest cosine; null if the gallery is empty or the face cannot be recognised. */
            cosine: number | null;
            /** @description Probability that the nearest person is the right one; null if unknown. */
            probability: number | null;
            /** @description Nearest people, highest cosine first. */
            candidates: components["schemas"]["Candidate"][];
        };
        IdentifyAnswer: {
            /** @description Width of the upright image in pixels. */
            width: number;
            /** @description Height of the upright image in pixels. */
            height: number;
            /** @description Number of people in the gallery. */
            people: number;
            threshold: components["schemas"]["SearchThreshold"];
            /** @description From left to right. */
            faces: components["schemas"]["IdentifiedFace"][];
        };
        EmbeddedFace: {
            /** @description Null for an image that was taken whole. */
            box: components["schemas"]["Box"] | null;
            /** @description Confidence of the detector, from 0 to 1; null for an image that was taken whole. */
            score: number | null;
            /** @description Why the face cannot be recognised; null if it can. */
            reason: string | null;
            /** @description At unit length; null if the face cannot be recognised. */
            embedding: number[] | null;
        };
        EmbedAnswer: {
            /** @description Width of the upright image in pixels. */
            width: number;
            /** @description Height of the upright image in pixels. */
            height: number;
            /** @description Model of the embeddings. Those of two models do not match. */
            fingerprint: string;
            /** @description From left to right. */
            faces: components["schemas"]["EmbeddedFace"][];
        };
        Person: {
            /** @description Identifier that never changes. */
            id: string;
            /** @description Unique in the gallery. */
            name: string;
            /** @description Any JSON object. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description ISO 8601 in UTC. */
            enrolledAt: string;
            /** @description Number of photos. */
            photoCount: number;
        };
        People: {
            /** @description By name, in the order of Unicode code points. */
            people: components["schemas"]["Person"][];
            /** @description `after` of the next page; null if this page is the last. */
            next: string | null;
        };
        Photo: {
            /** @description Identifier of the embedding. The image itself is not stored. */
            id: string;
            /** @description Name of the uploaded file; null if unknown. */
            source: string | null;
            /** @description ISO 8601 in UTC. */
            enrolledAt: string;
        };
        Photos: {
            photos: components["schemas"]["Photo"][];
        };
        RefusedPhoto: {
            /** @description Place among the images of the request, from 0. */
            index: number;
            /** @description Name of the uploaded file; null if unknown. */
            source: string | null;
            /** @description Why, for programs: `no-face`, `several-faces`, or a code of an image. */
            code: string;
            /** @description Why, for people. */
            reason: string;
            faces: components["schemas"]["Face"][];
        };
        Enrollment: {
            person: components["schemas"]["Person"];
            /** @description Whether the request created the person. */
            isNew: boolean;
            /** @description The new photos. */
            photos: components["schemas"]["Photo"][];
            /** @description Images that were not enrolled. */
            refused: components["schemas"]["RefusedPhoto"][];
            /** @description What looks wrong about the new photos. */
            warnings: string[];
        };
        Model: {
            /** @description Name for people, such as that of the file. */
            name: string;
            /** @description Hash of everything that changes an embedding. */
            fingerprint: string;
            /** @description Number of values of an embedding. */
            embeddingSize: number;
            /** @description How images are cropped, in words. */
            crop: string;
            /** @description How a search compares: with the `mean` or the `best` embedding of a person. */
            comparison: string;
            /** @description Number of people and of their embeddings. */
            gallery: {
                people: number;
                embeddings: number;
            };
            pairs: components["schemas"]["Threshold"];
            search: components["schemas"]["SearchThreshold"];
        };
        OperatingPoints: {
            /** @description Number of people in the gallery. */
            people: number;
            current: components["schemas"]["SearchThreshold"];
            model: components["schemas"]["SearchThreshold"];
            /** @description From the highest rate to the lowest. */
            points: {
                /** @description Share of strangers accepted as somebody. */
                rate: number;
                /** @description Threshold that keeps the rate in a gallery of this size. */
                threshold: number;
                /** @description Share of enrolled people that are not recognised. */
                missed: number;
                /** @description Whether the gallery is larger than those that were measured. */
                isExtrapolated: boolean;
            }[];
            /** @description Why there are no points; null if there are. */
            reason: string | null;
        };
        Health: {
            status: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file.
                     */
                    first: Blob;
                    /**
                     * Format: binary
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file.
                     */
                    second: Blob;
                    /** @description Overrides the threshold of the service. */
                    threshold?: number;
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
                "application/json": {
                    /**
                     * Format: byte
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file as base64, with or without `data:…;base64,` before it.
                     */
                    first: string;
                    /**
                     * Format: byte
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file as base64, with or without `data:…;base64,` before it.
                     */
                    second: string;
                    /** @description Overrides the threshold of the service. */
                    threshold?: number;
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerifyAnswer"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    identify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file.
                     */
                    image: Blob;
                    /** @description Number of nearest people to list; default 5. */
                    candidates?: number;
                    /** @description Overrides the threshold of the service. */
                    threshold?: number;
                    /**
                     * @description The largest face of the image, or all; default all.
                     * @enum {string}
                     */
                    select?: "largest" | "all";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
                "application/json": {
                    /**
                     * Format: byte
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file as base64, with or without `data:…;base64,` before it.
                     */
                    image: string;
                    /** @description Number of nearest people to list; default 5. */
                    candidates?: number;
                    /** @description Overrides the threshold of the service. */
                    threshold?: number;
                    /**
                     * @description The largest face of the image, or all; default all.
                     * @enum {string}
                     */
                    select?: "largest" | "all";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentifyAnswer"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    embed: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file.
                     */
                    image: Blob;
                    /**
                     * @description The largest face of the image, or all; default all.
                     * @enum {string}
                     */
                    select?: "largest" | "all";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
                "application/json": {
                    /**
                     * Format: byte
                     * @description A JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP file as base64, with or without `data:…;base64,` before it.
                     */
                    image: string;
                    /**
                     * @description The largest face of the image, or all; default all.
                     * @enum {string}
                     */
                    select?: "largest" | "all";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmbedAnswer"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listPeople: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                after?: string;
                /** @description Default 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["People"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    enrollPerson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** @description Up to 200 characters, plain text. One person has it: a second enrollment adds photos to that person. */
                    name: string;
                    /** @description Any JSON object. */
                    metadata?: {
                        [key: string]: unknown;
                    };
                    images: Blob[];
                    /**
                     * @description Whether a photo must have only one face that can be recognised, or its largest face counts; default `only`.
                     * @enum {string}
                     */
                    select?: "only" | "largest";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
                "application/json": {
                    /** @description Up to 200 characters, plain text. One person has it: a second enrollment adds photos to that person. */
                    name: string;
                    /** @description Any JSON object. */
                    metadata?: {
                        [key: string]: unknown;
                    };
                    images: string[];
                    /**
                     * @description Whether a photo must have only one face that can be recognised, or its largest face counts; default `only`.
                     * @enum {string}
                     */
                    select?: "only" | "largest";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrollment"];
                };
            };
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrollment"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getPerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    removePerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    updatePerson: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Up to 200 characters, plain text. One person has it: a second enrollment adds photos to that person. */
                    name?: string;
                    /** @description Any JSON object. */
                    metadata?: {
                        [key: string]: unknown;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listPhotos: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Photos"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    addPhotos: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    images: Blob[];
                    /**
                     * @description Whether a photo must have only one face that can be recognised, or its largest face counts; default `only`.
                     * @enum {string}
                     */
                    select?: "only" | "largest";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
                "application/json": {
                    images: string[];
                    /**
                     * @description Whether a photo must have only one face that can be recognised, or its largest face counts; default `only`.
                     * @enum {string}
                     */
                    select?: "only" | "largest";
                    /** @description False for images that are crops already: they are taken whole. Default: faces are found if the model needs crops. */
                    align?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrollment"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    removePhoto: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                photoId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getModel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listOperatingPoints: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatingPoints"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    setOperatingPoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    threshold: number;
                    question?: components["schemas"]["Question"] | null;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchThreshold"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resetOperatingPoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    isAlive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    isReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Default Response */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Default Response */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
}
