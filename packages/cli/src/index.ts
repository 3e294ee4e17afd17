export {
  type ConformanceKind,
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from './conformance.ts';
