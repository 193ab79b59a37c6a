// Every order of messages in one round of three authorities, of whom one lies: npm run chaos -- directory-model.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defects } from '../trials/chaos-directory/defects.ts'
import { type Exploration, explore } from '../trials/chaos-directory/model.ts'

const three: Exploration = { authorities: 3, threshold: 2, losses: false, most: 100_000 }

test('three authorities, one liar, messages arrive: every state was looked at, and everything held', () => {
  const { violation, complete, states, ends } = explore(three)
  assert.is(violation, undefined)
  assert.is(complete, true)
  assert.ok(states > 20_000 && ends > 2000, `${states} states, ${ends} ends`)
})

test('messages may be lost: among some thousand states there is none that is unsafe', () => {
  assert.is(explore({ ...three, losses: true, most: 8000 }).violation, undefined)
})

for (const [name, finds] of [
  ['no-phase-gate', ['one-set']],
  ['reveals-before-freeze', ['randomness-hidden']],
  ['withheld-left-out', ['progress', 'randomness-fixed']],
  ['no-agreement', ['progress', 'one-set']],
  ['one-relay-round', ['one-set']],
  ['no-relay', ['one-set']],
  ['first-vote-counts', ['one-set']],
] as const) {
  test(`the search finds ${name}, and says how it comes about`, () => {
    const { violation } = explore({ ...three, defect: defects[name] as Exploration['defect'] })
    assert.ok(
      finds.some(invariant => invariant === violation?.invariant),
      violation?.invariant,
    )
    assert.ok((violation?.trace.length ?? 0) > 0)
  })
}

test.run()
