// chaffinch cascade verify: follows a mix-net's whole log, from its Controller or from a copy in a folder, checks every
// signature, proof and share, and says what came out.

import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  Audit,
  type Cycle,
  controllerName,
  type Finding,
  type Plan,
  plannedChains,
  plannedPeers,
  readCheckpoint,
  remoteController,
  type SignedRequest,
  type Source,
  sha256Hex,
  wantRequest,
} from '../../cascade/index.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { quoted } from '../../encoding/quoted.ts'
import { coreGroup, decodeMessage } from '../../shuffle/index.ts'
import { systemRandom } from '../../world/random.ts'
import { writeWhole } from '../files/index.ts'
import { textOf } from './election-folder.ts'
import { planName, readPlanFile } from './folder.ts'

export interface VerifyOptions {
  readonly plan?: string
  readonly folder?: string
  readonly save?: string
  readonly checkpoint?: readonly string[]
  readonly json?: true
}

/** Says what an audit has found. */
export interface Verified {
  readonly mixnet: string
  readonly accepts: boolean
  readonly why: string
  readonly entries: number
  readonly checkpoint: string
  readonly findings: readonly Finding[]
  readonly results: readonly {
    readonly cycle: number
    readonly count: number
    readonly messages: readonly string[]
  }[]
  /** Cycles of the chains of packets, the newest chain last. */
  readonly packets: readonly {
    readonly peer_id: string
    readonly cycle: number
    readonly status: string
    readonly count: number
    readonly malformed: number
    readonly duplicates: number
    readonly taken: number
  }[]
}

/** Verifies and prints. @throws CommandError FAILED where it does not hold */
export async function runVerify(options: VerifyOptions): Promise<undefined> {
  const plan = readPlanFile(options.plan ?? planName)
  const { folder, save } = options
  const source =
    folder === undefined ? remoteController({ url: plan.url, fetch }).source : folderSource(folder)
  const before = save === undefined ? undefined : checkpointIn(save)
  const others = [...(options.checkpoint ?? []).map(textOf), ...(before === undefined ? [] : [before])]
  const copy = save === undefined ? undefined : saving(source, save)
  const found = await verified(plan, copy?.source ?? source, others)
  if (options.json === true) console.log(JSON.stringify(found))
  else print(found)
  const shorter = save !== undefined && before !== undefined && shorterThan(plan, found, before)
  if (shorter !== false)
    throw new CommandError('FAILED', `${plan.mixnet}: ${shorter}: the copy in ${save} stays`)
  const isLie = found.findings.some(({ who }) => who === controllerName)
  if (!isLie && found.checkpoint !== '') copy?.done(found.checkpoint)
  if (!found.accepts) throw new CommandError('FAILED', `${plan.mixnet}: ${found.why}`)
}

/** Says what is wrong with a log of which there is a longer copy; false where nothing is. */
function shorterThan(plan: Plan, { entries, checkpoint }: Verified, before: string): string | false {
  const head = readCheckpoint(plan.mixnet, fromHex(plan.controller_key), before)
  if (head === undefined || checkpoint === '' || head.size <= entries) return false
  return `its log has ${entries} entries, and had ${head.size} before`
}

/** Checks a whole mix-net. @param others checkpoints that others were shown */
export async function verified(
  plan: Plan,
  source: Source,
  others: readonly string[] = [],
): Promise<Verified> {
  const audit = new Audit(plan.mixnet, fromHex(plan.controller_key), coreGroup(), systemRandom)
  await audit.follow(source)
  for (const other of others) audit.compare(other)
  const results = resultsOf(plan, audit)
  const why = whyNot(plan, audit)
  const { findings, size: entries, checkpoint } = audit
  const packets = packetsOf(plan, audit)
  return { mixnet: plan.mixnet, accepts: why === '', why, entries, checkpoint, findings, results, packets }
}

function whyNot(plan: Plan, audit: Audit): string {
  const lie = audit.findings.find(({ who }) => who === controllerName)
  if (lie !== undefined) return `the Controller ${lie.what}`
  if (audit.checkpoint === '') return 'its log could not be read to an end that its Controller signed'
  const isWithout = plannedChains(plan)?.all(audit.board).length === 0
  if (isWithout) return 'its chain of packets has not been founded as the plan says'
  if (plan.trustees.length === 0) return ''
  const peers = plannedPeers(plan, audit.board)
  if (peers === undefined) return 'it has not been founded as the plan says'
  const open = cyclesOf(audit, peers.trustees).find(
    cycle => cycle.status === 'PROCESSED' && (!audit.isSound(cycle) || audit.result(cycle) === undefined),
  )
  return open === undefined ? '' : `cycle ${open.id} of the trustees has too few steps that hold`
}

function cyclesOf(audit: Audit, peer: string): readonly Cycle[] {
  return audit.board.cycles.get(peer) ?? []
}

function packetsOf(plan: Plan, audit: Audit): Verified['packets'] {
  const chains = plannedChains(plan)?.all(audit.board) ?? []
  return chains.flat().flatMap(({ peer_id }) =>
    cyclesOf(audit, peer_id)
      .filter(({ status }) => status !== 'OPEN' && status !== 'ABORTED')
      .map(({ id, status, count, malformed, duplicates, consumed }) => {
        const taken = consumed.reduce((sum, each) => sum + each.taken, 0)
        return { peer_id, cycle: id, status, count, malformed, duplicates, taken }
      }),
  )
}

function resultsOf(plan: Plan, audit: Audit): Verified['results'] {
  if (plan.trustees.length === 0) return []
  const peers = plannedPeers(plan, audit.board)
  if (peers === undefined) return []
  const size = 32 * plan.width
  return cyclesOf(audit, peers.trustees).flatMap(cycle => {
    const points = audit.result(cycle)
    if (points === undefined) return []
    const messages = Array.from({ length: points.length / size }, (_, i) =>
      messageOf(decodeMessage(coreGroup(), points.subarray(size * i, size * (i + 1)))),
    )
    return [{ cycle: cycle.id, count: cycle.count, messages }]
  })
}

function messageOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return 'undecodable'
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return `hex:${hex(bytes)}`
  }
}

const logName = 'log.jsonl'
const checkpointName = 'checkpoint'

/** Reads a copy: log.jsonl, an entry a line; checkpoint; blobs/HASH. What cannot be read is no answer. */
export function folderSource(folder: string): Source {
  const blobs = join(folder, 'blobs')
  return {
    async log(from) {
      try {
        const lines = readFileSync(join(folder, logName), 'utf8').split('\n').slice(0, -1)
        const entries = lines.slice(from).map(line => wantRequest(JSON.parse(line)))
        return { entries, checkpoint: readFileSync(join(folder, checkpointName), 'utf8') }
      } catch {
        return undefined
      }
    },
    async blob(hash) {
      const file = join(blobs, hash)
      return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined
    },
  }
}

/** Gives the checkpoint of a copy that was made before; undefined where there is none. */
function checkpointIn(folder: string): string | undefined {
  const file = join(folder, checkpointName)
  return existsSync(file) ? textOf(file) : undefined
}

/** Copies all that is read. The copy that was there before stays until `done`, since it may be all that shows a lie. */
function saving(source: Source, folder: string): { readonly source: Source; done(checkpoint: string): void } {
  const blobs = join(folder, 'blobs')
  const log = join(folder, logName)
  const draft = `${log}.new`
  mkdirSync(blobs, { recursive: true })
  writeFileSync(draft, '')
  let written = 0
  return {
    source: {
      async log(from) {
        const stretch = await source.log(from)
        if (stretch === undefined) return undefined
        const fresh: readonly SignedRequest[] = stretch.entries.slice(Math.max(0, written - from))
        appendFileSync(draft, fresh.map(entry => `${JSON.stringify(entry)}\n`).join(''))
        written += fresh.length
        return stretch
      },
      async blob(hash) {
        const bytes = await source.blob(hash)
        // What is something else than its name says must not take the place of what is that
        if (bytes !== undefined && sha256Hex(bytes) === hash) writeWhole(join(blobs, hash), bytes, 0o644)
        return bytes
      },
    },
    done(checkpoint) {
      const handle = openSync(draft, 'r+')
      fsyncSync(handle)
      closeSync(handle)
      renameSync(draft, log)
      writeWhole(join(folder, checkpointName), checkpoint, 0o644)
    },
  }
}

function print({ mixnet, accepts, why, entries, findings, results, packets }: Verified): void {
  console.log(`${mixnet}: ${entries} entries: ${accepts ? 'everything holds' : why}`)
  for (const { who, what } of findings) console.log(`  ${who}: ${what}`)
  for (const { cycle, count, messages } of results) {
    console.log(`  cycle ${cycle}: ${count} messages`)
    // What somebody wrote must not be taken for what this program says
    for (const message of messages) console.log(quoted(message, process.stdout.columns ?? 80))
  }
  for (const { peer_id, cycle, status, count, malformed, duplicates, taken } of packets)
    console.log(
      `  ${peer_id.slice(0, 16)} cycle ${cycle}: ${status}, ${count} packets, ${malformed} malformed, ${duplicates} there before, ${taken} taken`,
    )
}
