// npm run bench -- shuffle [--json] [--noble 10000] [--rows 1000,10000,100000]: how many ciphertexts a second are
// shuffled with a proof, and verified, from bytes to bytes, beside the same proof on @noble/curves in the same run.
// CPU time of the whole process, one thread. The figures on top are those of 10,000 rows.

import { parseArgs } from 'node:util'
import { coreGroup } from '../../shuffle/core-group.ts'
import { type Group, generator } from '../../shuffle/group.ts'
import { nobleGroup } from '../../shuffle/noble-group.ts'
import { prove, scalars, shuffle } from '../../shuffle/prove.ts'
import { ciphertextBytes, encrypt } from '../../shuffle/rows.ts'
import type { Statement } from '../../shuffle/statement.ts'
import { verify } from '../../shuffle/verify.ts'
import { seededRandom } from '../../world/random.ts'
import { MiB } from '../../world/units.ts'

const width = 1
const top = 10_000

interface Row {
  readonly n: number
  readonly proveCtPerS: number
  readonly verifyCtPerS: number
  readonly proofBytes: number
  readonly ciphertextBytes: number
  /** The most that the process has held so far. */
  readonly rssMiB: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      noble: { type: 'string', default: String(top) },
      rows: { type: 'string', default: '1000,10000,100000' },
    },
  })
  const core = coreGroup()
  const sizes = values.rows.split(',').map(Number)
  measure(core, 200) // the first run compiles
  const rows = sizes.map(n => measure(core, n))
  const noble = measure(nobleGroup(), Number(values.noble))
  const head = rows.find(row => row.n === top) ?? (rows[0] as Row)
  const { proveCtPerS, verifyCtPerS } = head
  const result = {
    n: head.n,
    width,
    proveCtPerS,
    verifyCtPerS,
    nobleProveCtPerS: noble.proveCtPerS,
    nobleVerifyCtPerS: noble.verifyCtPerS,
    nobleN: noble.n,
    proofBytes: head.proofBytes,
    ciphertextBytes: head.ciphertextBytes,
    rssMiB: Math.max(...rows.map(row => row.rssMiB)),
    workers: [{ threads: 1, proveCtPerS, verifyCtPerS }],
    rows,
  }
  if (values.json) console.log(JSON.stringify(result))
  else {
    console.table([...rows, { ...noble, n: `${noble.n} (noble)` }])
    console.log(
      `proving is ${(proveCtPerS / noble.proveCtPerS).toFixed(1)} times as fast as on noble, verifying ${(verifyCtPerS / noble.verifyCtPerS).toFixed(1)} times`,
    )
  }
}

function measure(group: Group, n: number): Row {
  const random = seededRandom(n)
  const key = group.multiples(undefined, { base: generator, scalars: scalars(group, random, 1) })
  const points = group.derive(random(64 * n * width))
  const input = encrypt(group, key, points, scalars(group, random, n * width))
  let proof = new Uint8Array(0)
  let statement: Statement | undefined
  const proveUs = cpuUs(() => {
    const { output, secret } = shuffle(group, { key, width, input }, random)
    statement = { context: new Uint8Array(0), key, width, input, output }
    proof = new Uint8Array(prove(group, statement, secret, random))
  })
  const verifyUs = cpuUs(() => {
    const verdict = verify(group, statement as Statement, proof, random)
    if (!verdict.holds) throw new Error(`bench: a true proof does not hold: ${verdict.why}`)
  })
  const perSecond = (us: number): number => Math.round((n * width * 1e6) / us)
  return {
    n,
    proveCtPerS: perSecond(proveUs),
    verifyCtPerS: perSecond(verifyUs),
    proofBytes: proof.length,
    ciphertextBytes: n * width * ciphertextBytes,
    rssMiB: Math.round((process.resourceUsage().maxRSS * 1024) / MiB),
  }
}

function cpuUs(act: () => void): number {
  const before = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
