// What wrapping a packet takes, for a program and for a page: the same loop in both, each with its own #crypto.

import * as crypto from '#crypto'
import { body } from '../../sphinx/body.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { x25519Suite } from '../../sphinx/suite-x25519.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { seededRandom } from '../../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

/** Gives a loop that wraps so many packets of five hops, and tells how long one took, milliseconds. */
export function wrapping(): (times: number) => number {
  const random = seededRandom(1)
  const suite = x25519Suite(crypto)
  const path = Array.from({ length: g.hops }, () => {
    const key = crypto.x25519PublicKey(random(32))
    return { id: random(32), key, delayMs: 50 }
  })
  const to = random(32)
  const content = body(g, { flags: 0, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
  return times => {
    const from = performance.now()
    for (let i = 0; i < times; i++) wrap(g, path, to, content, random, suite)
    return (performance.now() - from) / times
  }
}

// In a page whoever drives it calls the loop
if ('document' in globalThis) Object.assign(globalThis, { wrapping: wrapping() })
