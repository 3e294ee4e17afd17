export {
  type ConformanceKind,
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from './conformance/run-conformance.ts';
