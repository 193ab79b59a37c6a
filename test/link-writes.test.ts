// docs/spec/link.md 10: what cells cost in system calls and segments.

import net from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits } from '../link/limits.ts'
import type { Host } from '../link/link.ts'
import { startLoopback } from './loopback-host.ts'

const cellBytes = 3369
/** Length, header and tag of a Noise message with one Yamux frame. */
const around = 30
const updateBytes = around
const cells = 2000

const host = (): Promise<Host> =>
  startLoopback({ cellBytes, limits: { ...defaultLimits, queueCells: cells } })

test('a Noise message is one write, and windows are opened again by halves', async () => {
  const [from, to] = [await host(), await host()]
  let got = 0
  to.onCells((_from, batch) => {
    got += batch.length
  })
  const arrived = async (wanted: number): Promise<void> => {
    for (let waited = 0; got < wanted; waited += 5) {
      assert.ok(waited < 5000, `${got} of ${wanted} cells`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  from.send(to, new Uint8Array(cellBytes))
  await arrived(1)

  const sizes: number[] = []
  const { _write, _writev } = net.Socket.prototype
  net.Socket.prototype._write = function (chunk, encoding, callback) {
    sizes.push(chunk.length)
    return _write.call(this, chunk, encoding, callback)
  }
  net.Socket.prototype._writev = function (chunks, callback) {
    sizes.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0))
    return _writev?.call(this, chunks, callback)
  }
  try {
    for (let i = 0; i < cells; i++) from.send(to, new Uint8Array(cellBytes))
    await arrived(1 + cells)
  } finally {
    Object.assign(net.Socket.prototype, { _write, _writev })
    await Promise.all([from.close(), to.close()])
  }

  const updates = sizes.filter(size => size === updateBytes).length
  // the last of what was waiting can be a part of a cell
  const messages = sizes.filter(size => size > updateBytes)
  assert.ok(updates <= (cells * cellBytes) / (128 * 1024), `${updates} window updates`)
  assert.ok(messages.length <= cells / 9, `${messages.length} messages for ${cells} cells`)
  const bytes = messages.reduce((sum, size) => sum + size - around, 0)
  assert.is(bytes, cells * cellBytes, 'nothing of a message in a write of its own')
})

test.run()
