// npm run bench -- shuffle [--json] [--noble 10000] [--rows 1000,10000,100000] [--threads 1,2]: how many ciphertexts
// a second are shuffled with a proof, and verified, from bytes to bytes, beside the same proof on @noble/curves in the
// same run. CPU time of the whole process, one thread. The figures on top are those of 10,000 rows. `workers` has the
// same work on several threads, by the clock too, which alone tells what they save: on a busy machine that is little.

import { parseArgs } from 'node:util'
import { coreGroup } from '../../shuffle/core-group.ts'
import { type Group, generator } from '../../shuffle/group.ts'
import { nobleGroup } from '../../shuffle/noble-group.ts'
import { prove, scalars, shuffle } from '../../shuffle/prove.ts'
import { ciphertextBytes, encrypt } from '../../shuffle/rows.ts'
import type { Statement } from '../../shuffle/statement.ts'
import { openThreads } from '../../shuffle/threads.ts'
import { verify } from '../../shuffle/verify.ts'
import { seededRandom } from '../../world/random.ts'
import { MiB } from '../../world/units.ts'
import { shuffleThread } from './source-thread.ts'

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

interface Measured extends Row {
  /** Ciphertexts a second of the clock. */
  readonly proveByClock: number
  readonly verifyByClock: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      noble: { type: 'string', default: String(top) },
      rows: { type: 'string', default: '1000,10000,100000' },
      threads: { type: 'string', default: '1,2' },
    },
  })
  const core = coreGroup()
  const sizes = values.rows.split(',').map(Number)
  measure(core, 200) // the first run compiles
  const rows = sizes.map(n => rowOf(measure(core, n)))
  const workers = await onThreads(
    values.threads.split(',').map(Number),
    sizes.includes(top) ? top : (sizes[0] as number),
  )
  const noble = rowOf(measure(nobleGroup(), Number(values.noble)))
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
    workers,
    rows,
  }
  if (values.json) console.log(JSON.stringify(result))
  else {
    console.table([...rows, { ...noble, n: `${noble.n} (noble)` }])
    console.table(workers)
    console.log(
      `proving is ${(proveCtPerS / noble.proveCtPerS).toFixed(1)} times as fast as on noble, verifying ${(verifyCtPerS / noble.verifyCtPerS).toFixed(1)} times`,
    )
  }
}

interface OnThreads {
  readonly threads: number
  /** Counts by the clock. */
  readonly proveCtPerS: number
  readonly verifyCtPerS: number
  /** Counts by CPU time, which shows what threads cost besides. */
  readonly proveCtPerCpuS: number
  readonly verifyCtPerCpuS: number
}

function rowOf({ proveByClock: _, verifyByClock: __, ...row }: Measured): Row {
  return row
}

async function onThreads(counts: readonly number[], n: number): Promise<OnThreads[]> {
  const out: OnThreads[] = []
  for (const threads of counts) {
    const { group, close } = await openThreads(threads, shuffleThread)
    measure(group, 300 * threads)
    const row = measure(group, n)
    out.push({
      threads,
      proveCtPerS: row.proveByClock,
      verifyCtPerS: row.verifyByClock,
      proveCtPerCpuS: row.proveCtPerS,
      verifyCtPerCpuS: row.verifyCtPerS,
    })
    await close()
  }
  return out
}

function measure(group: Group, n: number): Measured {
  const random = seededRandom(n)
  const key = group.multiples(undefined, { base: generator, scalars: scalars(group, random, 1) })
  const points = group.derive(random(64 * n * width))
  const input = encrypt(group, key, points, scalars(group, random, n * width))
  let proof = new Uint8Array(0)
  let statement: Statement | undefined
  const proving = timed(() => {
    const { output, secret } = shuffle(group, { key, width, input }, random)
    statement = { context: new Uint8Array(0), key, width, input, output }
    proof = new Uint8Array(prove(group, statement, secret, random))
  })
  const verifying = timed(() => {
    const verdict = verify(group, statement as Statement, proof, random)
    if (!verdict.holds) throw new Error(`bench: a true proof does not hold: ${verdict.why}`)
  })
  const perSecond = (us: number): number => Math.round((n * width * 1e6) / us)
  return {
    n,
    proveCtPerS: perSecond(proving.cpuUs),
    verifyCtPerS: perSecond(verifying.cpuUs),
    proveByClock: perSecond(proving.clockUs),
    verifyByClock: perSecond(verifying.clockUs),
    proofBytes: proof.length,
    ciphertextBytes: n * width * ciphertextBytes,
    rssMiB: Math.round((process.resourceUsage().maxRSS * 1024) / MiB),
  }
}

function timed(act: () => void): { readonly cpuUs: number; readonly clockUs: number } {
  const [cpu, clock] = [process.cpuUsage(), process.hrtime.bigint()]
  act()
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: user + system, clockUs: Number((process.hrtime.bigint() - clock) / 1000n) }
}
