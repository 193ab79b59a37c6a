// chaffinch election status: how an election stands, by a log that is checked here.

import { Audit, remoteController } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { definitionIn, rollIn } from '../../roles/mixnet/election-folder.ts'
import { told } from '../../roles/mixnet/told.ts'
import { coreGroup } from '../../shuffle/index.ts'
import { chainsOf, type Definition, electionId, type Standing, standingOf } from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { urlIn } from './vote.ts'

export interface StatusOptions {
  readonly controller?: string
  readonly json?: boolean
}

/** Follows the log, checks it, and says how each question stands. */
export async function status(folder: string, options: StatusOptions): Promise<undefined> {
  const definition = definitionIn(folder)
  const roll = rollIn(folder)
  const { source } = remoteController({ url: urlIn(options), fetch })
  const audit = new Audit(definition.mixnet, fromHex(definition.controller_key), coreGroup(), systemRandom)
  await audit.follow(source)
  const [lie] = audit.isForked ? audit.findings : []
  if (lie !== undefined) throw new CommandError('FAILED', `the Controller ${lie.what}`)
  const chains = told('FAILED', 'the mix-net has not this election: ', () =>
    chainsOf(audit.board, definition, roll),
  )
  const standing = standingOf(audit, chains)
  const { opens_at, closes_at, ballots_least } = definition
  if (options.json === true) {
    const about = { election: electionId(definition), voters: roll.size, entries: audit.size }
    const times = { opens_at: opens_at ?? null, closes_at: closes_at ?? null }
    console.log(JSON.stringify({ ...about, ...times, ballots_least, questions: standing }))
    return
  }
  console.log(`${definition.title}\nelection ${electionId(definition)}\n${roll.size} voters`)
  if (opens_at !== undefined) console.log(`opens at ${opens_at}, by its definition`)
  if (closes_at !== undefined) console.log(`ends at ${closes_at}, by its definition`)
  standing.forEach((each, i) => {
    console.log(`question ${i + 1}: ${definition.questions[i]?.text ?? ''}`)
    for (const line of linesOf(definition, each)) console.log(`  ${line}`)
  })
}

/** Says how a question stands. */
export function linesOf({ ballots_least, quorum }: Definition, standing: Standing): readonly string[] {
  const { stage, ballots, until, wanted, mixes, shares } = standing
  const few = `${ballots} ballots, least ${ballots_least}`
  const says: Readonly<Record<Standing['stage'], string>> = {
    waits: 'is not open yet',
    open: `takes ballots: ${ballots} so far`,
    few: `is over with too few ballots (${few}): none is taken or opened, unless it is prolonged`,
    'given-up': `given up: ${few}`,
    closed: `is closed with ${ballots} ballots, and has ${mixes} mixes`,
    mixed: `is mixed with ${ballots} ballots, and has ${shares.length} shares of trustees`,
    opened: `is opened, with ${ballots} ballots`,
  }
  const prolonged = until === '' ? [] : [`was prolonged until ${until}`]
  const asked = wanted.map(({ what, until: to, owners }) =>
    what === 'end'
      ? `${owners} of ${quorum} that it takes want it given up`
      : `${owners} of ${quorum} that it takes want it to go on until ${to}`,
  )
  return [says[stage], ...prolonged, ...asked]
}
