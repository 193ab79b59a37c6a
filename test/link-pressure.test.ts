// docs/spec/link.md 3: a role that has no room for one peer's cells holds back that peer and nobody else.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { defaultLimits } from '../link/limits.ts'
import type { Host } from '../link/link.ts'
import { startLoopback } from './loopback-host.ts'

const cellBytes = 3369
/** More cells than a window, both buffers of a stream and the sockets hold, and a good deal more. */
const flood = 12_000

const host = (): Promise<Host> =>
  startLoopback({ cellBytes, limits: { ...defaultLimits, queueCells: flood } })

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    assert.ok(waited < 20_000, what)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/**
 * Counts what has come of each when the honest one's cells are all there, and how many of the flood still wait at home.
 */
async function pressure(
  holdBack: boolean,
): Promise<{ flooded: number; queued: number; late: () => Promise<number> }> {
  const [relay, flooder, honest] = [await host(), await host(), await host()]
  const came = new Map<string, number>()
  const of = ({ id }: Host): number => came.get(hex(id)) ?? 0
  let release = (): void => {}
  const room = new Promise<void>(resolve => {
    release = resolve
  })
  relay.onCells((from, cells) => {
    const name = hex(from)
    came.set(name, (came.get(name) ?? 0) + cells.length)
    return holdBack && name === hex(flooder.id) ? room : undefined
  })
  for (let i = 0; i < flood; i++) flooder.send(relay, new Uint8Array(cellBytes))
  await until(() => of(flooder) > 0, 'the flood begins')
  for (let i = 0; i < 500; i++) honest.send(relay, new Uint8Array(cellBytes))
  await until(() => of(honest) === 500, 'every cell of the honest one comes')
  if (!holdBack) await until(() => of(flooder) === flood, 'and of the flooder')
  const queued = flooder.neighbours()[0]?.queued ?? 0
  return {
    flooded: of(flooder),
    queued,
    async late() {
      release()
      if (holdBack) await until(() => of(flooder) === flood, 'nothing is lost by waiting')
      await Promise.all([relay, flooder, honest].map(each => each.close()))
      return of(flooder)
    },
  }
}

test('a peer that is held back keeps its cells, loses none, and holds nobody else up', async () => {
  const { flooded, queued, late } = await pressure(true)
  assert.ok(flooded <= defaultLimits.burstCells, `${flooded} cells handed over`)
  assert.ok(queued > flood / 2, `${queued} cells wait at the flooder`)
  assert.is(await late(), flood)
})

test('control: a role that does not hold it back gets the whole flood', async () => {
  const { flooded, late } = await pressure(false)
  assert.is(flooded, flood)
  await late()
})

test.run()
