// What every link promises to the roles (link/link.ts) of cells, queues and connections: the same checks on libp2p over
// TCP and in memory.
// tier: slow

import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { defaultLimits } from '../link/limits.ts'
import type { Host, LinkError } from '../link/link.ts'
import { cell, cellBytes, code, nobody, numberOf, onEveryLink, options, peerOf } from './link-beds.ts'

onEveryLink('cells', check => {
  check('cells arrive once, in order and intact, and the receiver may keep them', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    const got: Uint8Array[] = []
    b.onCells((from, cells) => {
      assert.equal(from, a.id)
      got.push(...cells)
    })
    for (let n = 0; n < 1500; n++) assert.ok(a.send(peerOf(b), cell(n)))
    await until(() => got.length === 1500)
    assert.equal(
      got.map(numberOf),
      Array.from({ length: 1500 }, (_, n) => n),
    )
    assert.equal(got[700], cell(700))
    assert.equal(got[0]?.buffer.byteLength, cellBytes)
    const [to] = a.neighbours()
    assert.equal(to?.state, 'open')
    assert.equal(to?.sent, 1500)
    assert.equal(b.counters().cellsReceived, 1500)
  })

  check('a cell of another size is refused at once', async bed => {
    const a = await bed.host()
    assert.throws(
      () => a.send(nobody, new Uint8Array(cellBytes - 1)),
      (error: LinkError) => error.code === 'BAD_CELL',
    )
  })

  check('cells from a peer that is not admitted stay with it', async (bed, until) => {
    let admitted = false
    const a = await bed.host({ limits: { cellAgeMs: 60_000 } })
    const b = await bed.host({ admits: () => admitted })
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    for (let n = 0; n < 50; n++) a.send(peerOf(b), cell(n))
    await until(() => b.counters().streamsRefused >= 2)
    assert.equal(got, 0)
    assert.equal(a.neighbours()[0]?.queued, 50)
    admitted = true
    await until(() => got === 50)
    admitted = false
    a.send(peerOf(b), cell(50))
    await bed.wait(100)
    assert.equal(got, 50)
  })

  check('a full queue drops one cell at random and counts it', async bed => {
    const a = await bed.host({ limits: { queueCells: 10 } })
    let kept = 0
    for (let n = 0; n < 200; n++) if (a.send(nobody, cell(n))) kept++
    const [to] = a.neighbours()
    assert.equal(to?.queued, 10)
    assert.equal(to?.dropped['queue-full'], 190)
    // The new cell is the victim once in eleven.
    assert.ok(kept > 140 && kept < 200, `${kept} kept`)
    assert.equal(a.counters().cellsDropped['queue-full'], 190)
  })

  check('cells that have waited too long are dropped and counted', async bed => {
    const a = await bed.host({ limits: { cellAgeMs: 200 } })
    for (let n = 0; n < 5; n++) a.send(nobody, cell(n))
    await bed.wait(350)
    const [to] = a.neighbours()
    assert.equal(to?.queued, 0)
    assert.equal(to?.dropped['too-old'], 5)
  })

  check('what was queued for a neighbour that starts again reaches it', async (bed, until) => {
    const a = await bed.host()
    const b = await bed.host({ seed: 2 })
    const peer = peerOf(b)
    const got: number[] = []
    const collect = (_from: Uint8Array, cells: readonly Uint8Array[]): void => {
      got.push(...cells.map(numberOf))
    }
    b.onCells(collect)
    a.send(peer, cell(0))
    await until(() => got.length === 1)
    let gone = 0
    a.onGone(id => {
      assert.equal(id, b.id)
      gone++
    })
    await bed.of(b.close())
    await until(() => gone === 1)
    for (let n = 1; n <= 20; n++) a.send(peer, cell(n))
    await bed.wait(250)
    assert.equal(a.neighbours()[0]?.queued, 20)
    const again = await bed.host({ seed: 2, addresses: peer.addresses })
    again.onCells(collect)
    assert.equal(again.id, peer.id)
    await until(() => got.length === 21)
    assert.equal(
      got,
      Array.from({ length: 21 }, (_, n) => n),
    )
  })

  check('a dead neighbour costs the others nothing', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    for (let n = 0; n < 100; n++) {
      a.send(nobody, cell(n))
      a.send(peerOf(b), cell(n))
    }
    await until(() => got === 100)
    const dead = a.neighbours().find(({ id }) => id.join() === nobody.id.join())
    assert.equal(dead?.queued, 100)
    assert.ok(dead?.state === 'dialling' || dead?.state === 'waiting')
  })

  check(
    'a request that dials anew proves the address; on an open connection any address will do',
    async bed => {
      const [a, b] = [await bed.host(), await bed.host()]
      b.serve('/test/1', 10, async () => new Uint8Array(1))
      const ask = (addresses: readonly string[], dialAnew: boolean): Promise<Uint8Array> =>
        bed.of(
          a.request({ id: b.id, addresses }, '/test/1', new Uint8Array(1), {
            timeoutMs: 2000,
            maxBytes: 10,
            dialAnew,
          }),
        )
      const [wrong] = nobody.addresses
      await ask(b.addresses, true)
      await ask(b.addresses, false)
      await ask([wrong as string], false)
      const code = await ask([wrong as string], true).then(
        () => 'answered',
        (error: unknown) => (error as LinkError).code,
      )
      assert.is(code, 'UNREACHABLE')
    },
  )

  check('a cell to oneself comes back, but not inside send', async (bed, until) => {
    const a = await bed.host()
    const got: number[] = []
    let inside = false
    a.onCells((from, cells) => {
      assert.not(inside)
      assert.equal(from, a.id)
      got.push(...cells.map(numberOf))
      if (got.length < 5) {
        inside = true
        a.send(peerOf(a), cell(got.length))
        inside = false
      }
    })
    a.send({ id: a.id, addresses: [] }, cell(0))
    assert.equal(got, [])
    await until(() => got.length === 5)
    assert.equal(got, [0, 1, 2, 3, 4])
  })

  check('a handler that throws loses its batch and nothing else', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let calls = 0
    b.onCells(() => {
      calls++
      if (calls === 1) throw new Error('a fault of the role')
    })
    a.send(peerOf(b), cell(1))
    await until(() => calls === 1)
    a.send(peerOf(b), cell(2))
    await until(() => calls === 2)
  })

  check(
    'a peer of whose cells too many are of no use is shut out for a while, and others are not',
    async (bed, until) => {
      const conduct = { ...defaultLimits.conduct, mostOwed: 100, forgivenPerSecond: 1, firstOutMs: 400 }
      const [a, other, b] = [await bed.host(), await bed.host(), await bed.host({ limits: { conduct } })]
      let [bad, good] = [0, 0]
      let useless = true
      b.onCells((from, cells) => {
        const isBad = useless && numberOf(from) === numberOf(a.id)
        if (isBad) bad += cells.length
        else good += cells.length
        b.judge(from, isBad ? { fitting: 0, misfits: cells.length } : { fitting: cells.length, misfits: 0 })
      })
      b.serve('/test/echo/1', 10, async (_from, body) => body)
      for (let n = 0; n < 90; n++) a.send(peerOf(b), cell(n))
      await until(() => bad === 90)
      assert.equal(b.shut(), { times: 0, out: [] })
      for (let n = 0; n < 20; n++) a.send(peerOf(b), cell(n))
      await until(() => b.shut().times === 1)
      assert.equal(
        b.shut().out.map(({ id }) => id),
        [hex(a.id)],
      )
      await until(() => b.counters().connections === 0)
      const ask = (from: Host): Promise<Uint8Array> =>
        bed.of(from.request(peerOf(b), '/test/echo/1', Uint8Array.of(1), options))
      assert.is(await bed.of(code(ask(a))), 'UNREACHABLE')
      assert.is(
        await bed.of(code(b.request(peerOf(a), '/test/echo/1', Uint8Array.of(1), options))),
        'UNREACHABLE',
      )
      assert.equal(await ask(other), Uint8Array.of(1))
      other.send(peerOf(b), cell(0))
      await until(() => good === 1)
      // what it sent meanwhile has waited, and comes when its time is over
      useless = false
      a.send(peerOf(b), cell(7))
      await until(() => b.shut().out.length === 0)
      await until(() => good === 2)
      assert.is(b.shut().times, 1)
    },
  )

  check('only named neighbours keep their queues', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    a.send(peerOf(b), cell(0))
    a.send(nobody, cell(1))
    await until(() => got === 1)
    a.keepNeighbours([b.id])
    assert.equal(
      a.neighbours().map(({ id }) => id),
      [b.id],
    )
    assert.is(a.counters().cellsDropped.closed, 1)
    a.keepNeighbours([])
    assert.equal(a.neighbours(), [])
    assert.is(a.counters().cellsSent, 1)
    a.send(peerOf(b), cell(2))
    await until(() => got === 2)
  })

  check('flush waits for the queues, and no longer than it may', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    await bed.of(a.flush(1000))
    for (let n = 0; n < 500; n++) a.send(peerOf(b), cell(n))
    await bed.of(a.flush(5000))
    assert.is(a.neighbours()[0]?.queued, 0)
    await until(() => got === 500)
    a.send(nobody, cell(1))
    await bed.of(a.flush(100))
    assert.is(a.counters().cellsSent, 500)
  })

  check(
    'two that end together do not wait for each other: nobody waits for who is gone',
    async (bed, until) => {
      const a = await bed.host()
      a.send(nobody, cell(1))
      let flushed = false
      void a.flush(60_000).then(() => {
        flushed = true
      })
      await until(() => flushed)
      assert.is(a.neighbours()[0]?.queued, 1)
    },
  )

  check('a closed link sends nothing and says so', async bed => {
    const [a, b] = [await bed.host(), await bed.host()]
    a.send(nobody, cell(1))
    await bed.of(a.close())
    await bed.of(a.close())
    assert.not(a.send(peerOf(b), cell(2)))
    assert.is(a.counters().cellsDropped.closed, 2)
    assert.equal(a.neighbours(), [])
  })
})
