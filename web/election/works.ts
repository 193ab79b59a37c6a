// What the worker of the page of elections does, on the functions that the commands stand on: nothing is checked,
// encrypted or counted here by other code than theirs.

import { Audit, type Cycle, digestOfPlan, keyId, readPlan, remoteController } from '../../cascade/index.ts'
import { base64 } from '../../encoding/base64.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { readVoters } from '../../scripts/election/voters-csv.ts'
import type { Group } from '../../shuffle/index.ts'
import {
  answerIn,
  Booth,
  ballotsOf,
  type Chain,
  chainsOf,
  type Definition,
  demandRoll,
  drawCode,
  electionId,
  fateOf,
  isCastToo,
  makeFolder,
  parseDefinition,
  type Roll,
  readDefinition,
  readOpened,
  readReceipt,
  readRoll,
  standingOf,
  trackerOf,
  trackerOfReceipt,
  VotingError,
  verifyFolder,
  voterOf,
  writeDefinition,
  writeOpened,
  writeReceipt,
  writeRoll,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { Failure } from '../public/failure.ts'
import { bytesAt, groupHere, jsonAt } from '../public/serve.ts'
import type { File, Standing, Told, Work } from './work.ts'

const pauseMs = 200
const pause = (): Promise<unknown> => new Promise(resolve => setTimeout(resolve, pauseMs))

/** An election that is followed. */
interface Followed {
  readonly election: string
  readonly definition: Definition
  readonly roll: Roll
  readonly audit: Audit
  readonly chains: readonly Chain[]
}

/**
 * Gives what the worker does.
 *
 * @param base where the mix-net is
 */
export function worksFor(base: string): (tell: (told: Told) => void) => Work {
  const group = groupHere()
  const remote = remoteController({
    url: base,
    fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }),
  })
  let now: Followed | undefined
  let booth: Booth | undefined

  const followed = (): Followed => {
    if (now === undefined) throw new Failure('UNKNOWN', 'no election is open')
    return now
  }
  const inBooth = (): Booth => {
    if (booth === undefined) throw new Failure('UNKNOWN', 'no code was given')
    return booth
  }
  const follow = async ({ audit }: Followed): Promise<void> => {
    await audit.follow(remote.source)
    const [lie] = audit.isForked ? audit.findings : []
    if (lie !== undefined) throw new Failure('LIED', `the Controller ${lie.what}`)
  }
  const look = async (): Promise<Standing> => {
    await follow(followed())
    return standing(followed())
  }

  return tell => ({
    async list() {
      return (await jsonAt(`${base}/elections`)) as Awaited<ReturnType<Work['list']>>
    },

    async open(election) {
      if (now?.election !== election) now = await openElection(base, election, group, remote.source)
      await follow(now)
      const { definition, roll } = now
      const votes = [...roll.values()].reduce((sum, weight) => sum + weight, 0)
      return { election, definition, voters: roll.size, votes, standing: standing(now) }
    },

    look,

    async enter(code) {
      const { definition, roll, audit } = followed()
      await look()
      booth?.discard()
      const parts = { definition, roll, code, group, random: systemRandom, audit, ...remote }
      booth = new Booth(parts)
      const weight = roll.get(booth.voter.id) ?? 1
      return { weight, cast: booth.cast().map(tracker => tracker ?? null) }
    },

    async make(answers) {
      await look()
      return inBooth().make(answers)
    },

    async cast() {
      let taken = 0
      const receipts = await inBooth().send(pause, () => tell({ taken: ++taken }))
      return receipts.map((receipt, i) => {
        const tracker = trackerOfReceipt(receipt)
        return { name: `receipt-${i + 1}-${tracker}.json`, text: writeReceipt(receipt), tracker }
      })
    },

    async reveal() {
      return inBooth()
        .open()
        .map(opened => {
          const tracker = trackerOf(fromHex(opened.row))
          return { name: `opened-${opened.question}-${tracker}.json`, text: writeOpened(opened), tracker }
        })
    },

    async fate(text) {
      await look()
      const { definition, audit, chains } = followed()
      const receipt = readReceipt(definition, text)
      return { tracker: trackerOfReceipt(receipt), fate: fateOf(audit, chains, receipt) }
    },

    async challenge(text) {
      await look()
      const { definition, audit, chains } = followed()
      const opened = readOpened(definition, text)
      const tracker = trackerOf(fromHex(opened.row))
      if (isCastToo(audit, opened)) throw new Failure('CAST_TOO', `ballot ${tracker}`)
      const door = chains[opened.question - 1]?.[0]
      const answer = door && answerIn(group, definition, door, opened)
      if (answer === undefined) throw new Failure('HOLLOW', `ballot ${tracker}`)
      return { question: opened.question - 1, tracker, answer }
    },

    async verify(files) {
      const all = files === undefined ? await folderFrom(followed(), follow) : namesIn(files)
      const { audit, chains, roll, ...rest } = await verifyFolder(group, all, systemRandom, (check, done) =>
        tell({ check, done }),
      )
      const trackers = chains.map(chain =>
        countedIn(ballotsOf(audit, chain))
          .map(({ row }) => trackerOf(row))
          .sort(),
      )
      const ballots = trackers.reduce((sum, { length }) => sum + length, 0)
      const { definition, election, result, named, unknown } = rest
      const kept = [...all].map(([name, bytes]) => ({ name, bytes: bytes as Uint8Array<ArrayBuffer> }))
      const told = { entries: audit.size, ballots, trackers, named, unknown, files: kept }
      return { election, definition, voters: roll.size, result, ...told }
    },

    async people() {
      const plan = readPlan(await jsonAt(`${base}/mixnet.json`))
      const named = ({ name, key_data }: { readonly name: string; readonly key_data: string }) => ({
        name,
        id: keyId(fromHex(key_data)),
      })
      const { mixnet, controller_key, threshold, quorum } = plan
      const all = { mixers: plan.mixers.map(named), trustees: plan.trustees.map(named) }
      return { mixnet, controller_key, ...all, threshold, quorum, digest: digestOfPlan(plan) }
    },

    async prepare(value, register) {
      const definition = readDefinition(value)
      const election = electionId(definition)
      const voters = register === undefined ? [] : readVoters(register)
      const invited = voters.map(voter => ({ ...voter, code: drawCode(systemRandom) }))
      const roll = new Map(invited.map(({ code, weight }) => [voterOf(election, code).id, weight]))
      if (register !== undefined) demandRoll(definition, roll)
      const bytes = new Uint8Array(writeRoll(roll))
      return { election, definition: writeDefinition(definition), roll: bytes, invited }
    },

    async publish(election, definition, roll) {
      const body = JSON.stringify({ definition, voters: base64(roll) })
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'PUT', headers, body }
      const answer = await fetch(`${base}/elections/${election}`, init).catch(() => undefined)
      if (answer?.ok === true) return
      const { detail = '' } = ((await answer?.json().catch(() => undefined)) ?? {}) as { detail?: string }
      throw new Failure(answer === undefined ? 'UNREACHABLE' : 'REFUSED', detail)
    },
  })

  /** Makes the public folder of the log, as `election tally` does. */
  async function folderFrom(
    of: Followed,
    follow: (of: Followed) => Promise<void>,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    await follow(of)
    return (await makeFolder(group, of.audit, remote.source.blob, of.definition, of.roll)).files
  }
}

/** Gives the ballots that count: none of what was given up. */
function countedIn(cycle: Cycle | undefined): Cycle['messages'] {
  return cycle === undefined || cycle.status === 'ENDED' ? [] : cycle.messages
}

function standing({ audit, chains }: Followed): Standing {
  const findings = audit.findings.map(({ who, what }) => `${who} ${what}`)
  return { entries: audit.size, questions: standingOf(audit, chains), findings }
}

async function openElection(
  base: string,
  election: string,
  group: Group,
  source: Parameters<Audit['follow']>[0],
): Promise<Followed> {
  if (!/^[0-9a-f]{64}$/.test(election)) throw new Failure('UNKNOWN', 'the id has 64 digits of 0-9 a-f')
  const at = `${base}/elections/${election}`
  const [text, roll] = await Promise.all([bytesAt(`${at}/election.json`), bytesAt(`${at}/voters.bin`)])
  let definition: Definition
  try {
    definition = parseDefinition(new TextDecoder().decode(text))
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new Failure('OTHER', error.detail)
  }
  if (electionId(definition) !== election) throw new Failure('OTHER', `it is ${electionId(definition)}`)
  const audit = new Audit(definition.mixnet, fromHex(definition.controller_key), group, systemRandom)
  await audit.follow(source)
  try {
    const read = readRoll(roll)
    return { election, definition, roll: read, audit, chains: chainsOf(audit.board, definition, read) }
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new Failure('LIED', error.detail)
  }
}

/** Names files as a folder does. */
function namesIn(files: readonly File[]): ReadonlyMap<string, Uint8Array> {
  return new Map(files.map(({ name, bytes }) => [name, bytes]))
}
