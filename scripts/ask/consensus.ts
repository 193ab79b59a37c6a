// chaffinch consensus: fetches documents from the authorities and checks them as every node and client does.

import { readFileSync, writeFileSync } from 'node:fs'
import { type ConsensusDocument, readDocument } from '../../directory/documents/document.ts'
import { type Evidence, openProofs, proofHash } from '../../directory/documents/evidence.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  writeRequest,
} from '../../directory/documents/exchange.ts'
import type { Network } from '../../directory/documents/network.ts'
import { followChanges, Succession } from '../../directory/documents/succession.ts'
import type { View } from '../../directory/documents/view.ts'
import { DirectoryError } from '../../directory/error.ts'
import { consensusToJson } from '../../directory/json.ts'
import { hex } from '../../encoding/bytes.ts'
import { startHost } from '../../link/libp2p/host.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { CommandError, readOptions, wholeNumber } from '../command.ts'
import { readNetwork } from '../files/read.ts'
import { columns } from '../network/table.ts'
import { compare, evidenceToJson, historyOf, iso, judge, ownedPaths } from './consensus-report.ts'
import {
  comparisonLines,
  evidenceLines,
  historyLines,
  ownershipLines,
  verdictLines,
} from './consensus-text.ts'

/** What the command line says. */
interface Asked {
  readonly network: Network
  /** Who its authorities are, and were. */
  readonly succession: Succession
  /** The document of this epoch; null for the newest. */
  readonly epoch: number | null
  /** A second one, for `diff`. */
  readonly from: number | null
  readonly epochs: number
  /** Nodes of the adversary, for `paths`. */
  readonly adversary: number
  readonly file: string | undefined
  readonly save: string | undefined
  readonly json: boolean
}

/** What is printed: an object as one line of JSON, or lines. */
interface Said {
  readonly json: unknown
  readonly lines: readonly string[]
  readonly exitCode?: number
}

const actions: Readonly<Record<string, (asked: Asked) => Promise<Said>>> = {
  show,
  verify,
  history,
  diff,
  evidence,
  paths,
}

const mostEpochs = 72
const mostNodes = 16_384
const mostEpoch = 2 ** 31

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(
    'consensus',
    args,
    {
      network: { type: 'string' },
      epoch: { type: 'string' },
      from: { type: 'string' },
      epochs: { type: 'string' },
      adversary: { type: 'string' },
      save: { type: 'string' },
      json: { type: 'boolean' },
    },
    [0, 2],
  )
  const [name = 'show', file] = positionals
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  const only: Readonly<Record<string, string | undefined>> = {
    diff: 'from',
    history: 'epochs',
    show: 'save',
    paths: 'adversary',
  }
  const foreign = ['from', 'epochs', 'save', 'adversary'].find(key => key in values && only[name] !== key)
  const hint = 'chaffinch consensus --help'
  if (action === undefined) throw new CommandError('USAGE', `consensus: no action '${name}'`, hint)
  if (foreign !== undefined)
    throw new CommandError('USAGE', `consensus ${name}: no option --${foreign}`, hint)
  if (file !== undefined && name !== 'verify') {
    throw new CommandError('USAGE', `consensus ${name}: unexpected argument '${file}'`, hint)
  }
  const number = (key: 'epoch' | 'from'): number | null =>
    values[key] === undefined ? null : wholeNumber(key, values[key], 0, mostEpoch)
  const network = readNetwork(values.network ?? 'network.toml')
  const asked = {
    network,
    succession: new Succession(network),
    epoch: number('epoch'),
    from: number('from'),
    epochs: values.epochs === undefined ? 6 : wholeNumber('epochs', values.epochs, 1, mostEpochs),
    adversary: values.adversary === undefined ? 1 : wholeNumber('adversary', values.adversary, 0, mostNodes),
    file,
    save: values.save,
    json: values.json === true,
  }
  const { json, lines, exitCode = 0 } = await action(asked)
  console.log(asked.json ? JSON.stringify(json) : lines.join('\n'))
  return exitCode
}

async function show({ network, succession, epoch, save }: Asked): Promise<Said> {
  const { bytes, view } = await withLink(network, link => fetchConsensus(network, link, epoch, succession))
  if (save !== undefined) withFile(save, () => writeFileSync(save, bytes, { flag: 'wx' }))
  return { json: consensusToJson(bytes), lines: describe(succession.networkFor(view.epoch), view) }
}

/** Of a file, or of what the first authority that has one hands out, whatever it is. */
async function verify({ network, succession, epoch, file }: Asked): Promise<Said> {
  const verdict =
    file === undefined
      ? await withLink(network, async link => {
          const bytes = await fetchFrom(succession, link, epoch, document => document)
          // Of authorities that are not known one asks who they are, before one judges.
          if (setIsUnknown(succession, bytes)) await followAll(succession, link)
          return judge(succession, bytes, systemClock.now())
        })
      : judge(succession, new Uint8Array(withFile(file, () => readFileSync(file))), systemClock.now())
  return { json: verdict, lines: verdictLines(verdict), exitCode: verdict.valid ? 0 : 1 }
}

function setIsUnknown(succession: Succession, bytes: Uint8Array): boolean {
  const judged = judge(succession, bytes, systemClock.now())
  return judged.checks.some(({ holds, detail }) => !holds && detail.endsWith('(WRONG_AUTHORITIES)'))
}

async function history(asked: Asked): Promise<Said> {
  const { network, succession, epoch, epochs } = asked
  const documents = await withLink(network, async link => {
    const newest = readDocument((await fetchConsensus(network, link, epoch, succession)).bytes)
    const found: { epoch: number; document: ConsensusDocument | undefined }[] = [
      { epoch: newest.body.epoch, document: newest },
    ]
    for (let at = newest.body.epoch - 1; at >= 0 && found.length < epochs; at--) {
      found.push({ epoch: at, document: await fetchIfThere(asked, link, at) })
    }
    return found
  })
  const told = historyOf(succession.everybody, documents)
  return { json: told, lines: historyLines(told), exitCode: told.holds ? 0 : 1 }
}

/** Between two documents: by default the newest and the one before it. */
async function diff({ network, succession, epoch, from }: Asked): Promise<Said> {
  const [before, after] = await withLink(network, async link => {
    const later = readDocument((await fetchConsensus(network, link, epoch, succession)).bytes)
    const earlier = from ?? later.body.epoch - 1
    if (earlier < 0 || earlier >= later.body.epoch) {
      throw new CommandError('USAGE', `--from ${earlier}: want an epoch before ${later.body.epoch}`)
    }
    return [readDocument((await fetchConsensus(network, link, earlier, succession)).bytes), later] as const
  })
  const told = compare(before, after)
  return { json: told, lines: comparisonLines(told) }
}

/** How many of the paths through this network nodes of one hand own. */
async function paths({ network, succession, epoch, adversary }: Asked): Promise<Said> {
  const { view } = await withLink(network, link => fetchConsensus(network, link, epoch, succession))
  try {
    const told = ownedPaths(view, adversary)
    return { json: told, lines: ownershipLines(view, told) }
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    throw new CommandError('FAILED', `consensus paths: ${error.message} (${error.code})`)
  }
}

/** What any authority can prove, checked with the keys of the network file: nobody needs to be believed. */
async function evidence({ network, epoch }: Asked): Promise<Said> {
  if (epoch !== null) throw new CommandError('USAGE', 'consensus evidence: no option --epoch')
  const proofs = new Map<string, Evidence>()
  const failures = await withLink(network, link =>
    askAll(network, link, { ask: 'evidence' }, bytes => {
      for (const proof of openProofs(network, bytes)) proofs.set(hex(proofHash(proof)), proof)
    }),
  )
  if (failures.length === network.authorities.length) throw new CommandError('FAILED', failures.join('; '))
  return { json: evidenceToJson(proofs), lines: evidenceLines(proofs) }
}

/** @returns why, for each authority that gave nothing that `accept` takes */
async function askAll(
  network: Network,
  link: Link,
  request: DirectoryRequest,
  accept: (answer: Uint8Array) => void,
): Promise<string[]> {
  const failures: string[] = []
  for (const authority of network.authorities) {
    try {
      const options = { timeoutMs: 5000, maxBytes: maxAnswerBytes }
      accept(readAnswer(await link.request(authority, directoryProtocol, writeRequest(request), options)))
    } catch (error) {
      if (!(error instanceof LinkError || error instanceof DirectoryError)) throw error
      failures.push(`authority ${hex(authority.id).slice(0, 8)}: ${error.message} (${error.code})`)
    }
  }
  return failures
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

async function withLink<T>(network: Network, use: (link: Link) => Promise<T>): Promise<T> {
  const link = await openLink(network)
  try {
    return await use(link)
  } finally {
    await link.close()
  }
}

/** A host that asks and serves nothing. @param seed of its identity; without one it is thrown away */
export function openLink(network: Network, seed?: Uint8Array): Promise<Link> {
  return startHost({
    seed,
    listen: [],
    cellBytes: geometry(network).packetBytes,
    clock: systemClock,
    log: silent,
    random: systemRandom,
    admits: () => false,
    role: 'client',
  })
}

/**
 * A document that some authority has and that verifies.
 *
 * @param epoch null for the newest
 * @throws CommandError FAILED with what each authority said
 */
export function fetchConsensus(
  network: Network,
  link: Link,
  epoch: number | null,
  succession: Succession = new Succession(network),
): Promise<{ bytes: Uint8Array; view: View }> {
  const verify = (bytes: Uint8Array): View => succession.verify(readDocument(bytes))
  return fetchFrom(succession, link, epoch, bytes => ({ bytes, view: verify(bytes) }))
}

/**
 * The network with the authorities of now: from the pinned ones along the documents in which they changed.
 *
 * @throws CommandError FAILED when no authority of any time answers
 */
export async function followedNetwork(network: Network): Promise<Network> {
  const succession = new Succession(network)
  await withLink(network, async link => {
    await fetchFrom(succession, link, null, bytes => succession.verify(readDocument(bytes)))
  })
  return succession.newest
}

/** What all authorities know of changes; who does not answer knows nothing. */
async function followAll(succession: Succession, link: Link): Promise<void> {
  for (const authority of succession.everybody.authorities) {
    await follow(succession, link, authority).catch((error: unknown) => {
      if (!(error instanceof LinkError)) throw error
    })
  }
}

/** What an authority knows of changes. */
async function follow(succession: Succession, link: Link, authority: Peer): Promise<boolean> {
  const options = { timeoutMs: 5000, maxBytes: maxAnswerBytes }
  const ask = async (after: number | null): Promise<Uint8Array> => {
    const request = writeRequest({ ask: 'change', after })
    return readAnswer(await link.request(authority, directoryProtocol, request, options))
  }
  return followChanges(succession, ask, async () => {})
}

/** As `fetchConsensus`; undefined when every authority that answers says that there is none. */
async function fetchIfThere(
  { network, succession }: Asked,
  link: Link,
  epoch: number,
): Promise<ConsensusDocument | undefined> {
  try {
    return readDocument((await fetchConsensus(network, link, epoch, succession)).bytes)
  } catch (error) {
    if (error instanceof NotThere) return undefined
    throw error
  }
}

/** Authorities were reached, and none has the document. */
class NotThere extends CommandError {}

/** What the first authority gives that `accept` takes. */
async function fetchFrom<T>(
  succession: Succession,
  link: Link,
  epoch: number | null,
  accept: (bytes: Uint8Array) => T,
): Promise<T> {
  const request = writeRequest({ ask: 'document', epoch })
  const failures: string[] = []
  const codes = new Set<string>()
  for (const authority of succession.everybody.authorities) {
    const name = hex(authority.id).slice(0, 8)
    try {
      const options = { timeoutMs: 5000, maxBytes: maxAnswerBytes }
      const bytes = readAnswer(await link.request(authority, directoryProtocol, request, options))
      try {
        return accept(bytes)
      } catch (error) {
        if (!(error instanceof DirectoryError && error.code === 'WRONG_AUTHORITIES')) throw error
        if (!(await follow(succession, link, authority))) throw error
        return accept(bytes)
      }
    } catch (error) {
      if (!(error instanceof LinkError || error instanceof DirectoryError)) throw error
      failures.push(`authority ${name}: ${error.message} (${error.code})`)
      codes.add(error instanceof LinkError ? 'LINK' : error.code)
    }
  }
  codes.delete('LINK')
  if (codes.size === 1 && codes.has('UNAVAILABLE')) throw new NotThere('FAILED', failures.join('; '))
  throw new CommandError(
    'FAILED',
    failures.join('; '),
    'are the authorities running, and is this their network file?',
  )
}

function describe(network: Network, view: View): string[] {
  const nodes = [...view.nodes].map(([id, { role, layer, running, reliable, family }]) => [
    id.slice(0, 16),
    role,
    layer < 0 ? '-' : String(layer),
    running ? (reliable ? 'reliable' : 'running') : 'down',
    family || '-',
  ])
  return [
    `consensus of ${view.network}, epoch ${view.epoch}`,
    `hash    ${hex(view.hash)}`,
    `signed  by ${view.signers.length} of ${network.authorities.length} authorities, ${network.threshold} are enough`,
    `fresh   from ${iso(view.validAfter)} to ${iso(view.freshUntil)}, valid until ${iso(view.validUntil)}`,
    '',
    ...columns(['node', 'role', 'layer', 'state', 'family'], nodes),
  ]
}
