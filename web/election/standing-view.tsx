// What an election is, and how it stands now.

import type { JSX } from 'preact'
import { Facts } from '../parts/facts.tsx'
import { count, percent } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { Findings, Trouble } from '../public/standing-parts.tsx'
import { standing, trouble } from './now.ts'
import { te } from './texts.ts'
import { datesOf, failureText, stageText } from './words.ts'
import type { Opened } from './work.ts'

export function StandingView({ opened }: { readonly opened: Opened }): JSX.Element {
  const { definition, election, voters, votes } = opened
  const texts = te().standing
  const now = standing.value ?? opened.standing
  return (
    <>
      <h2>{definition.title}</h2>
      <Trouble text={trouble.value && failureText(trouble.value)} />
      <Facts
        of={[
          [texts.election, <code key="id">{election}</code>, texts.electionHint],
          [texts.voters, texts.votersOf(count(voters), count(votes))],
          [texts.mixers, texts.mixersOf(definition.mixers.length, definition.mixes_least)],
          [texts.trustees, texts.trusteesOf(definition.trustees.length, definition.threshold)],
          [texts.quorum, texts.quorumOf(definition.quorum)],
          [texts.least, count(definition.ballots_least)],
          ...datesOf(definition),
          [texts.log, texts.entries(count(now.entries))],
        ]}
      />
      <Table
        caption={texts.questions}
        head={[texts.question, texts.stage, texts.ballots, texts.turnout, texts.mixes, texts.shares]}
        rows={now.questions.map((each, i) => {
          const { ballots, mixes, shares } = each
          return [
            `${i + 1}. ${definition.questions[i]?.text ?? ''}`,
            stageText(each, { least: definition.ballots_least, quorum: definition.quorum }),
            count(ballots),
            <span key="turnout">
              <progress max={voters} value={ballots} aria-label={texts.turnout} /> {percent(ballots / voters)}
            </span>,
            count(mixes),
            shares.length === 0 ? '' : texts.shareOf(shares.join(', ')),
          ]
        })}
      />
      <Findings title={texts.findings} of={now.findings} />
    </>
  )
}
