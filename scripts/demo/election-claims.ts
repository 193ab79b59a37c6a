// The promises that the demonstration of an election must keep. A claim reads a value from what the processes wrote and
// says whether it holds.

import { canonicalJson, type Json } from '../../encoding/jcs.ts'
import {
  changes,
  type ElectionRecord,
  killedNames,
  mixesLeast,
  threshold,
  twiceOf,
} from '../../simulator/election/index.ts'
import { type Claim, claim, type Settled } from '../network/claim.ts'

const auditorsAll = 5
/** Lists what a check says of a changed copy, for the right reason. */
const refusals = {
  ballot: {
    byte: /log\.jsonl: entry \d+: the Controller accepted/,
    signed: /log\.jsonl: entry \d+: the Controller accepted/,
  },
  proof: { byte: /blobs\/\w+: is not what its name says/, signed: /a shuffle has no proof that holds/ },
  share: { byte: /blobs\/\w+: is not what its name says/, signed: /too few true shares/ },
} as const

const of = <T>(made: Claim<T, ElectionRecord>): Claim<unknown, ElectionRecord> => claim(made)

/** Names what the killed process of a role must have done when it was back. */
const works = { controller: 'message', mixer: 'process', trustee: 'share' } as const

function changed(change: (typeof changes)[number]): Claim<unknown, ElectionRecord> {
  return of({
    id: `changed-${change}-refused`,
    says: `a copy of the board with one ${change} changed is refused, also where everybody signs it anew`,
    read: ({ story }) => ({
      unchanged: story.copies.find(each => each.change === 'nothing')?.code ?? null,
      copies: story.copies.filter(each => each.change === change),
    }),
    holds: ({ unchanged, copies }) =>
      unchanged === 0 &&
      copies.length === 2 &&
      copies.every(({ way, code, says }) => code === 1 && refusals[change][way].test(says)),
  })
}

export const electionClaims: readonly Claim<unknown, ElectionRecord>[] = [
  of({
    id: 'result-is-what-was-voted',
    says: 'the result is what the voters voted, each once',
    read: ({ voted, result, story }) => {
      const [question] = result.questions
      const [count] = question?.counts ?? []
      return {
        voters: story.voters,
        counted: question?.ballots ?? 0,
        voted: [...voted.options, voted.blank],
        result: [...(count !== undefined && 'votes' in count ? count.votes : []), question?.blank ?? -1],
        invalid: question?.invalid ?? -1,
      }
    },
    holds: ({ voters, counted, voted, result, invalid }) =>
      counted === voters &&
      invalid === 0 &&
      voted.reduce((sum, each) => sum + each, 0) === voters &&
      voted.join() === result.join(),
  }),
  of({
    id: 'receipts-prove-inclusion',
    says: 'every receipt proves that its ballot is in the log; the last of each voter counts',
    read: ({ voted, fates }) => ({ ballots: voted.ballots, ...fates }),
    holds: ({ ballots, receipts, counts, replaced, other }, { voted }) =>
      receipts === ballots && counts === voted.voters && replaced === ballots - counts && other === 0,
  }),
  of({
    id: 'second-vote-replaces',
    says: 'who votes twice is counted once',
    read: ({ voted, ballots, story }) => ({ ballots, voters: story.voters, twice: voted.twice }),
    holds: ({ ballots, voters, twice }) => twice === twiceOf(voters) && ballots === voters + twice,
  }),
  of({
    id: 'copied-ballot-refused',
    says: "a copy of somebody else's ballot is refused",
    read: ({ voted }) => voted.copies,
    holds: copies => copies.length > 0 && copies.every(code => code === 'BAD_SIGNATURE'),
  }),
  of({
    id: 'auditors-accept',
    says: 'each of five auditors accepts its copy of the board, with the same result',
    read: ({ audits, result, story }) =>
      audits.map(({ name, code, holds, election, ms, result: found }) => ({
        name,
        accepts: code === 0 && holds && election === story.election,
        same: found !== undefined && textOf(found) === textOf(result),
        ms,
      })),
    holds: audits => audits.length === auditorsAll && audits.every(({ accepts, same }) => accepts && same),
  }),
  ...changes.map(changed),
  of({
    id: 'cheating-mixer-replaced',
    says: 'the mixer that cheats is named by every auditor, and others do its work',
    read: ({ cheat, audits }) => ({
      mixer: cheat.id,
      cheated: cheat.acts.includes('process'),
      namedBy: audits.filter(({ named }) => named.length === 1 && isNamed(named, cheat.id)).length,
      skips: cheat.skips,
      mixedBy: cheat.others.length,
    }),
    holds: ({ cheated, namedBy, skips, mixedBy }) =>
      cheated && namedBy === auditorsAll && skips === 1 && mixedBy >= mixesLeast,
  }),
  of({
    id: 'killed-come-back',
    says: 'the Controller, a mixer and a trustee were killed, came back and did their work; nothing is lost',
    read: ({ comebacks, fates }) => ({ comebacks, lost: fates.other }),
    holds: ({ comebacks, lost }, { voted }) =>
      lost === 0 &&
      Object.keys(killedNames).every(role => comebacks.some(each => each.role === role)) &&
      comebacks.every(
        ({ role, starts, kept, acts, ballots }) =>
          starts === 2 &&
          kept &&
          acts.includes(works[role as keyof typeof works]) &&
          (role === 'mixer' || (ballots > 0 && ballots < voted.ballots)),
      ),
  }),
  of({
    id: 'absent-trustee-spared',
    says: `the trustee that stayed away was not needed: ${threshold} of 3 opened the ballots`,
    read: ({ absent }) => absent,
    holds: ({ shares, sharing }) => shares === 0 && sharing === threshold,
  }),
  of({
    id: 'no-choice-with-a-name',
    says: "no file or log of any process has a voter's choice with a name, or a name where none belongs",
    read: ({ searched }) => searched,
    holds: ({ named, keyed, options, names, links }, { story }) =>
      // It found what must be there: so it would have found more
      named === story.voters && keyed === story.voters && options > 1 && names.length + links.length === 0,
  }),
  of({
    id: 'stopped-clean',
    says: 'no process ended by itself, and each ended in order when it was told to',
    read: ({ story }) =>
      story.endings && { died: story.died, unclean: story.endings.filter(({ code }) => code !== 0) },
    holds: ({ died, unclean }) => died.length === 0 && unclean.length === 0,
  }),
]

/** Gives a result's one text, in whatever order its fields came. */
const textOf = (result: ElectionRecord['result']): string => canonicalJson(result as unknown as Json)

function isNamed(named: readonly string[], id: string): boolean {
  return named.some(each => each.startsWith(`${id} mixed `))
}

/** Settles the claims about what is left of a demonstration. */
export function settleElection(record: ElectionRecord): Settled[] {
  return electionClaims.flatMap(({ id, read, holds }): Settled[] => {
    const value = read(record)
    return value === undefined ? [] : [{ id, holds: holds(value, record), measured: true, value }]
  })
}

/** Gives a claim for people: whether it holds, and what was measured where it does not. */
export function electionLines(settled: readonly Settled[]): string[] {
  return settled.map(({ id, holds, value }) => {
    const { says } = electionClaims.find(each => each.id === id) as Claim<unknown, ElectionRecord>
    return `${holds ? 'holds ' : 'BROKEN'}  ${id}: ${says}${holds ? '' : `\n        ${JSON.stringify(value)}`}`
  })
}
