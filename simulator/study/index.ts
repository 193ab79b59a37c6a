// How much networks hide, one point or many: what `chaffinch simulate` and `chaffinch advise` ask.

export { type Advised, advise, type Need } from './advice.ts'
export { type Deployment, kubernetesManifests, type Share, shareOf, slurmScript } from './deploy.ts'
export { type Plan, pointCount, readPlan } from './plan.ts'
export { type PointResult, runPoint } from './point.ts'
export { report } from './report.ts'
export { csv, merged, readResults, resultLine } from './results.ts'
export { runSweep } from './sweep.ts'
