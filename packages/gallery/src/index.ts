export {
  type CheckedEnrollment,
  checkChanges,
  checkEnrollment,
  checkPage,
  checkSearch,
} from './check-calls.ts';
export { checkFixedFacts, checkOperatingPoint, checkPersonName, requireSameFacts } from './check-input.ts';
export { checkMetadata } from './check-metadata.ts';
export { checkRecord, isIdentifier } from './check-record.ts';
export { compareCodePoints } from './compare-code-points.ts';
export {
  type EnrollmentThresholds,
  type EnrollmentWarning,
  enrollmentWarnings,
} from './enrollment-warnings.ts';
export { ConflictError, MissingGalleryError, StoreError } from './errors.ts';
export { exportGallery } from './export-gallery.ts';
export type {
  Candidate,
  Comparison,
  EmbeddingEntry,
  Enrollment,
  FixedFacts,
  Gallery,
  GalleryCount,
  GalleryFacts,
  GalleryModel,
  JsonObject,
  JsonValue,
  NewEmbedding,
  OperatingPoint,
  PeoplePage,
  Person,
  PersonKey,
  PersonRecord,
  StoredEmbedding,
} from './gallery.ts';
export { type Identification, type IdentifyOptions, identify } from './identify.ts';
export { type ImportCounts, type ImportOptions, importGallery } from './import-gallery.ts';
export { meanTemplate } from './mean-template.ts';
export { MemoryGallery } from './memory-gallery.ts';
export { PeopleIndex } from './people-index.ts';
export { quantiseRow } from './quantise-row.ts';
export { rankCandidates } from './rank-candidates.ts';
export { type SearchSource, type SearchThreshold, selectSearchThreshold } from './search-threshold.ts';
export { type ScoredRows, type ScoreRows, VectorIndex } from './vector-index.ts';
