// The tests of chaos-cascade's planted defects, in two files: each takes more than a minute.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runAll } from '../trials/chaos-cascade/chaos-cascade.ts'
import { defects } from '../trials/chaos-cascade/defects.ts'
import { lies } from '../trials/chaos-cascade/plan.ts'
import { printing } from './printing.ts'

/** Enough for each lie to be told four times. */
const seeds = Array.from({ length: 4 * lies.length }, (_, i) => i + 1)

/** Tests those of one half: 0 for the first, the third and so on, 1 for the others. */
export function defectsAreFound(half: 0 | 1): void {
  for (const name of Object.keys(defects).filter((_, i) => i % 2 === half))
    test(`${name} is found`, async () => {
      const { result, err } = await printing(() => runAll({ seeds, defect: name }))
      assert.is(result.violations, 1, err)
    })
  test.run()
}
