// What came out, as tables; and as files for spreadsheets, programs, printing, and whoever wants to check it.

import type { JSX } from 'preact'
import { countRows, type Question, resultPage, resultTable, writeResult } from '../../voting/index.ts'
import { Facts } from '../parts/facts.tsx'
import { count } from '../parts/format.ts'
import { save } from '../parts/save.ts'
import { Table } from '../parts/table.tsx'
import { writeArchive } from './archive.ts'
import { te } from './texts.ts'
import type { Verified } from './work.ts'

const trackersAtMost = 5000

export function ResultView({ verified }: { readonly verified: Verified }): JSX.Element {
  const { definition, result, files, election, trackers } = verified
  const texts = te().result
  const name = `election-${election.slice(0, 8)}`
  return (
    <section class="result" aria-label={texts.title}>
      <h2>
        {texts.title}: {definition.title}
      </h2>
      <div class="print-only">
        <Facts
          of={[
            [te().standing.election, <code key="id">{election}</code>],
            [te().standing.voters, count(verified.voters)],
            [te().standing.log, te().standing.entries(count(verified.entries))],
          ]}
        />
      </div>
      {result.questions.map(({ ballots, votes, blank, invalid, given_up, counts }, i) => {
        const question = definition.questions[i] as Question
        return (
          <section key={question.text}>
            <h3>
              {i + 1}. {question.text}
            </h3>
            <p>
              {given_up === undefined
                ? texts.sums(count(ballots), count(votes), count(blank), count(invalid))
                : texts.givenUp(count(ballots), count(given_up))}
            </p>
            {counts.map(each => (
              <Table
                key={each.method}
                caption={texts.methods[each.method]}
                head={[texts.option, texts.place, texts.figure, texts.elected]}
                rows={countRows(question, each).map(([, option, place, figure, elected = '']) => [
                  option,
                  place,
                  figure,
                  (texts.words as Readonly<Record<string, string>>)[elected] ?? elected,
                ])}
              />
            ))}
            {given_up === undefined && <Trackers of={trackers[i] ?? []} />}
          </section>
        )
      })}
      <div class="row">
        <button type="button" onClick={() => save(`${name}.csv`, resultTable(definition, result))}>
          {texts.csv}
        </button>
        <button type="button" onClick={() => save(`${name}.json`, writeResult(result))}>
          {texts.json}
        </button>
        <button type="button" onClick={() => save(`${name}.html`, resultPage(definition, result))}>
          {texts.html}
        </button>
        <button type="button" onClick={() => save(`${name}.tar`, writeArchive(files))}>
          {texts.folder}
        </button>
        <button type="button" onClick={() => print()}>
          {texts.print}
        </button>
      </div>
    </section>
  )
}

/** Lists the trackers of the ballots that count, for voters who look for theirs on paper. */
function Trackers({ of }: { readonly of: readonly string[] }): JSX.Element {
  const texts = te().result
  const left = of.length - trackersAtMost
  return (
    <>
      <h4>{texts.trackers}</h4>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ul class="trackers" tabIndex={0} aria-label={texts.trackers}>
        {of.slice(0, trackersAtMost).map(tracker => (
          <li key={tracker}>
            <code>{tracker}</code>
          </li>
        ))}
      </ul>
      {left > 0 && <p class="quiet">{texts.moreTrackers(count(left))}</p>}
    </>
  )
}
