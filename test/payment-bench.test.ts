// npm run bench -- payment: the agreed fields, in figures that can be.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

interface Row {
  n: number
  cpuMs: Record<string, number>
  x25519Us: number
  padsAndSolveX25519: number
  bytes: { sent: number; received: number }
  rounds: number
  runs: number
  wallMs: number
}

test('the last line of bench payment --json has the agreed fields', () => {
  const script = join(root, 'trials', 'bench.ts')
  const args = [
    '--conditions=chaffinch-source',
    '--import',
    'tsx',
    script,
    'payment',
    '--json',
    '--peers',
    '3,8',
  ]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  assert.is(status, 0)
  const { x25519Us, peers } = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as {
    x25519Us: number
    peers: Row[]
  }
  assert.ok(x25519Us > 0)
  assert.equal(
    peers.map(({ n }) => n),
    [3, 8],
  )
  for (const { n, cpuMs, padsAndSolveX25519, bytes, rounds, runs, wallMs } of peers) {
    assert.equal(Object.keys(cpuMs), ['PR', 'KE', 'SR', 'DC', 'OK', 'CM', 'total'])
    assert.ok(padsAndSolveX25519 >= n - 1, 'a key with every other peer is an X25519')
    assert.is.not(bytes.sent, 0)
    assert.ok(Math.abs(bytes.received / bytes.sent - (n - 1)) < 0.01 * n)
    assert.equal([rounds, runs], [6, 1])
    // Five phases after pairing, each of which waits for the slowest message.
    assert.ok(wallMs > 5 * 200 && wallMs < 6 * 5000)
  }
})

test.run()
