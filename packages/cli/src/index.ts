export { type ConformanceOptions, type ConformanceReport, runConformance } from './conformance.ts';
