// What came out, as tables; and as files for spreadsheets, programs, printing, and whoever wants to check it.

import type { JSX } from 'preact'
import { countRows, type Question, resultPage, resultTable, writeResult } from '../../voting/index.ts'
import { count } from '../parts/format.ts'
import { save } from '../parts/save.ts'
import { Table } from '../parts/table.tsx'
import { writeArchive } from './archive.ts'
import { te } from './texts.ts'
import type { Verified } from './work.ts'

export function ResultView({ verified }: { readonly verified: Verified }): JSX.Element {
  const { definition, result, files, election } = verified
  const texts = te().result
  const name = `election-${election.slice(0, 8)}`
  return (
    <section class="result" aria-label={texts.title}>
      <h2>
        {texts.title}: {definition.title}
      </h2>
      {result.questions.map(({ ballots, votes, blank, invalid, counts }, i) => {
        const question = definition.questions[i] as Question
        return (
          <section key={question.text}>
            <h3>
              {i + 1}. {question.text}
            </h3>
            <p>{texts.sums(count(ballots), count(votes), count(blank), count(invalid))}</p>
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
