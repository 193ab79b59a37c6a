// How much a network hides, for the programs of roles (docs/spec/counts.md 6).

export { type AnonymityReport, anonymityReport } from './report.ts'
