// npm run chaos -- cascade: every second planted defect must be found (docs/spec/cascade.md 16); the others in
// cascade-defects-odd.test.ts.
// tier: slow

import { defectsAreFound } from './cascade-defects.ts'

defectsAreFound(0)
