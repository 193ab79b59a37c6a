// chaffinch consensus: fetches documents from the authorities and checks them as every node and client does.

import { readFileSync, writeFileSync } from 'node:fs'
import {
  type ConsensusDocument,
  compare,
  consensusToJson,
  DirectoryError,
  evidenceToJson,
  historyOf,
  type Inquiry,
  judgeDocument,
  type Network,
  ownedPaths,
  type Verdict,
  type View,
} from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { readNetwork } from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { columns } from '../columns.ts'
import { answered, inquire } from '../inquire.ts'
import {
  comparisonLines,
  evidenceLines,
  historyLines,
  ownershipLines,
  verdictLines,
} from './consensus-text.ts'

/** The options of every action, as they were typed. */
interface Common {
  readonly network?: string
  readonly epoch?: string
  readonly json?: true
}

/** An answer as it is printed: an object as one line of JSON, or lines. */
interface Said {
  readonly json: unknown
  readonly lines: readonly string[]
  readonly exitCode?: number
}

const mostEpochs = 72
const mostNodes = 16_384
const mostEpoch = 2 ** 31

/** Prints what was found, and gives the exit code. */
async function print({ json: asJson }: Common, found: Promise<Said>): Promise<number> {
  const { json, lines, exitCode = 0 } = await found
  console.log(asJson === true ? JSON.stringify(json) : lines.join('\n'))
  return exitCode
}

function networkOf({ network = 'network.toml' }: Common): Network {
  return readNetwork(network)
}

/** Undefined for the newest. */
function epochIn(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(option, text, 0, mostEpoch)
}

export async function show(options: Common & { readonly save?: string }): Promise<number> {
  const epoch = epochIn('epoch', options.epoch)
  return await print(options, showOf(networkOf(options), epoch, options.save))
}

export async function verify(
  file: string | undefined,
  options: Common & { readonly log?: true },
): Promise<number> {
  const epoch = epochIn('epoch', options.epoch)
  return await print(options, verdictOf(networkOf(options), epoch, file, options.log === true))
}

export async function history(options: Common & { readonly epochs?: string }): Promise<number> {
  const epoch = epochIn('epoch', options.epoch)
  const epochs = wholeNumber('epochs', options.epochs ?? '6', 1, mostEpochs)
  return await print(options, historyBefore(networkOf(options), epoch, epochs))
}

export async function diff(options: Common & { readonly from?: string }): Promise<number> {
  const [epoch, from] = [epochIn('epoch', options.epoch), epochIn('from', options.from)]
  return await print(options, difference(networkOf(options), epoch, from))
}

export async function evidence(options: Common): Promise<number> {
  return await print(options, proofsIn(networkOf(options)))
}

export async function paths(options: Common & { readonly adversary?: string }): Promise<number> {
  const epoch = epochIn('epoch', options.epoch)
  const adversary = wholeNumber('adversary', options.adversary ?? '1', 0, mostNodes)
  return await print(options, ownership(networkOf(options), epoch, adversary))
}

async function showOf(network: Network, epoch: number | undefined, save: string | undefined): Promise<Said> {
  return await inquire(network, async inquiry => {
    const { bytes, view } = await answered(inquiry.consensus(epoch))
    if (save !== undefined) withFile(save, () => writeFileSync(save, bytes, { flag: 'wx' }))
    return { json: consensusToJson(bytes), lines: describe(inquiry.networkFor(view.epoch), view) }
  })
}

/**
 * Judges a file, or what the first authority that has a document hands out, whatever it is; that also by the log of the
 * newest document, and a file with --log.
 */
async function verdictOf(
  network: Network,
  epoch: number | undefined,
  file: string | undefined,
  log: boolean,
): Promise<Said> {
  const ofFile = async (name: string): Promise<Verdict> => {
    const bytes = new Uint8Array(withFile(name, () => readFileSync(name)))
    const verdict = judgeDocument(network, bytes, systemClock.now())
    return log
      ? await inquire(network, async inquiry => await answered(inquiry.judgeLog(bytes, verdict)))
      : verdict
  }
  const verdict =
    file === undefined
      ? await inquire(network, async inquiry => await answered(inquiry.verdict(epoch)))
      : await ofFile(file)
  return { json: verdict, lines: verdictLines(verdict), exitCode: verdict.valid ? 0 : 1 }
}

async function historyBefore(network: Network, epoch: number | undefined, epochs: number): Promise<Said> {
  const told = await inquire(network, async inquiry => {
    const { document: newest } = await answered(inquiry.consensus(epoch))
    const found: { epoch: number; document: ConsensusDocument | undefined }[] = [
      { epoch: newest.body.epoch, document: newest },
    ]
    for (let at = newest.body.epoch - 1; at >= 0 && found.length < epochs; at--)
      found.push({ epoch: at, document: await documentIfThere(inquiry, at) })
    return historyOf(inquiry.everybody, found, await inquiry.logs())
  })
  return { json: told, lines: historyLines(told), exitCode: told.holds ? 0 : 1 }
}

/** Fetches a document; undefined when every authority that answers says that there is none. */
async function documentIfThere(inquiry: Inquiry, epoch: number): Promise<ConsensusDocument | undefined> {
  try {
    return (await inquiry.consensus(epoch)).document
  } catch (error) {
    if (error instanceof DirectoryError && error.code === 'UNAVAILABLE') return undefined
    return await answered(Promise.reject(error))
  }
}

/** Compares two documents: by default the newest and the one before it. */
async function difference(
  network: Network,
  epoch: number | undefined,
  from: number | undefined,
): Promise<Said> {
  const told = await inquire(network, async inquiry => {
    const { document: later } = await answered(inquiry.consensus(epoch))
    const earlier = from ?? later.body.epoch - 1
    if (earlier < 0 || earlier >= later.body.epoch) {
      throw new CommandError('USAGE', `--from ${earlier}: want an epoch before ${later.body.epoch}`)
    }
    return compare((await answered(inquiry.consensus(earlier))).document, later)
  })
  return { json: told, lines: comparisonLines(told) }
}

/** Counts how many of the paths through this network nodes of one hand own. */
async function ownership(network: Network, epoch: number | undefined, adversary: number): Promise<Said> {
  const { view } = await inquire(network, async inquiry => await answered(inquiry.consensus(epoch)))
  try {
    const told = ownedPaths(view, adversary)
    return { json: told, lines: ownershipLines(view, told) }
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    throw new CommandError('FAILED', `consensus paths: ${error.message} (${error.code})`)
  }
}

/** Tells what any authority can prove, checked with the keys of the network file: nobody needs to be believed. */
async function proofsIn(network: Network): Promise<Said> {
  const { proofs, failures } = await inquire(network, inquiry => inquiry.evidence())
  if (failures.length === network.authorities.length) throw new CommandError('FAILED', failures.join('; '))
  return { json: evidenceToJson(proofs), lines: evidenceLines(proofs) }
}

/** @throws CommandError FAILED naming the file, when it cannot be read or is there already */
function withFile<T>(file: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = { ENOENT: 'not found', EEXIST: 'is there already' }[code ?? ''] ?? code
    throw new CommandError('FAILED', `${file}: ${why}`)
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function describe(network: Network, view: View): string[] {
  const nodes = [...view.nodes].map(([id, { role, layer, running, reliable, family }]) => [
    id.slice(0, 16),
    role,
    layer < 0 ? '-' : String(layer),
    running ? (reliable ? 'reliable' : 'running') : 'down',
    family || '-',
  ])
  const signed = new Set(view.signers.map(hex))
  const missing = network.authorities.map(({ id }) => hex(id)).filter(id => !signed.has(id))
  return [
    `consensus of ${view.network}, epoch ${view.epoch}`,
    `hash    ${hex(view.hash)}`,
    `signed  by ${view.signers.length} of ${network.authorities.length} authorities, ${network.threshold} are enough`,
    ...(missing.length === 0 ? [] : [`missing the signature of ${missing.join(', ')}`]),
    `fresh   from ${iso(view.validAfter)} to ${iso(view.freshUntil)}, valid until ${iso(view.validUntil)}`,
    '',
    ...columns(['node', 'role', 'layer', 'state', 'family'], nodes),
  ]
}
