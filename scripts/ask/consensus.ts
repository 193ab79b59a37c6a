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
import { CommandError, readOptions, wholeNumber } from '../../encoding/command-line.ts'
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

/** The command line, read. */
interface Asked {
  readonly network: Network
  /** The document of this epoch; undefined for the newest. */
  readonly epoch: number | undefined
  /** A second one, for `diff`. */
  readonly from: number | undefined
  readonly epochs: number
  /** Nodes of the adversary, for `paths`. */
  readonly adversary: number
  readonly file: string | undefined
  readonly save: string | undefined
  readonly json: boolean
  /** Asks whether a file stands in the log, for `verify`. */
  readonly log: boolean
}

/** An answer as it is printed: an object as one line of JSON, or lines. */
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
      log: { type: 'boolean' },
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
    verify: 'log',
  }
  const foreign = ['from', 'epochs', 'save', 'adversary', 'log'].find(
    key => key in values && only[name] !== key,
  )
  const hint = 'chaffinch consensus --help'
  if (action === undefined) throw new CommandError('USAGE', `consensus: no action '${name}'`, hint)
  if (foreign !== undefined)
    throw new CommandError('USAGE', `consensus ${name}: no option --${foreign}`, hint)
  if (file !== undefined && name !== 'verify') {
    throw new CommandError('USAGE', `consensus ${name}: unexpected argument '${file}'`, hint)
  }
  const number = (key: 'epoch' | 'from'): number | undefined =>
    values[key] === undefined ? undefined : wholeNumber(key, values[key], 0, mostEpoch)
  const network = readNetwork(values.network ?? 'network.toml')
  const asked = {
    network,
    epoch: number('epoch'),
    from: number('from'),
    epochs: values.epochs === undefined ? 6 : wholeNumber('epochs', values.epochs, 1, mostEpochs),
    adversary: values.adversary === undefined ? 1 : wholeNumber('adversary', values.adversary, 0, mostNodes),
    file,
    save: values.save,
    json: values.json === true,
    log: values.log === true,
  }
  const { json, lines, exitCode = 0 } = await action(asked)
  console.log(asked.json ? JSON.stringify(json) : lines.join('\n'))
  return exitCode
}

async function show({ network, epoch, save }: Asked): Promise<Said> {
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
async function verify({ network, epoch, file, log }: Asked): Promise<Said> {
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

async function history({ network, epoch, epochs }: Asked): Promise<Said> {
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
async function diff({ network, epoch, from }: Asked): Promise<Said> {
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
async function paths({ network, epoch, adversary }: Asked): Promise<Said> {
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
async function evidence({ network, epoch }: Asked): Promise<Said> {
  if (epoch !== undefined) throw new CommandError('USAGE', 'consensus evidence: no option --epoch')
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
