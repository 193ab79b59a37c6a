// The results of a survey, for whoever holds it and publishes them (docs/spec/pages.md 10.3): figures of all, and of
// groups, none of fewer people than the form says; and as files for spreadsheets, programs and readers.

import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import {
  type Figures,
  resultsJson,
  rowsOf,
  type SurveyForm,
  type SurveyQuestion,
  type SurveyResults,
  surveyPage,
  surveyTable,
} from '../../voting/index.ts'
import { te } from '../election/texts.ts'
import { Choice } from '../parts/choice.tsx'
import { FileField } from '../parts/file-field.tsx'
import { count, duration } from '../parts/format.ts'
import { save } from '../parts/save.ts'
import { Table } from '../parts/table.tsx'
import type { WorkFailure } from '../public/asked.ts'
import { ask, standing } from './now.ts'
import { failureText, ts } from './texts.ts'
import type { Gathered, Opened } from './work.ts'

const gatherEveryMs = 1000

export function ResultsView({ opened }: { readonly opened: Opened }): JSX.Element {
  const { form } = opened
  const key = useSignal<string | undefined>(undefined)
  const by = useSignal<number | undefined>(undefined)
  const results = useSignal<SurveyResults | undefined>(undefined)
  const failure = useSignal<string | undefined>(undefined)
  const texts = ts().results
  const tryTo = async (act: () => Promise<void>): Promise<void> => {
    failure.value = undefined
    try {
      await act()
    } catch (error) {
      key.value = undefined
      failure.value = failureText(error as WorkFailure)
    }
  }
  const reckon = async (): Promise<void> => {
    results.value = await ask('results', by.value === undefined ? [] : [by.value])
  }
  const take = async (of: Gathered): Promise<boolean> => {
    standing.value = of.standing
    if (of.participants === null) return false
    await reckon()
    return true
  }
  useEffect(() => {
    let isOver = false
    const given = key.value
    if (given === undefined) return
    void tryTo(async () => {
      while (!isOver && !(await take(await ask('gather', [given]))))
        await new Promise(resolve => setTimeout(resolve, gatherEveryMs))
      // The worker has it while this tab is open, and the page nothing
      key.value = undefined
    })
    return () => {
      isOver = true
    }
  }, [key.value])
  const groups = form.questions.flatMap((question, i) =>
    question.kind === 'choose' && question.max === 1 ? [{ i }] : [],
  )
  return (
    <>
      <h2>
        {ts().sections.results}: {form.title}
      </h2>
      {failure.value !== undefined && (
        <p class="warning" role="alert">
          {failure.value}
        </p>
      )}
      {results.value === undefined ? (
        <>
          <p>{texts.about}</p>
          <FileField
            label={texts.key}
            onFile={file =>
              void file.text().then(text => {
                key.value = text
              })
            }
          />
          <FileField
            label={texts.answers}
            onFile={file =>
              void tryTo(async () => void (await take(await ask('takeAnswers', [await file.text()]))))
            }
          />
          {key.value !== undefined && <p role="status">{texts.waits(duration(form.settle_ms))}</p>}
        </>
      ) : (
        <>
          {groups.length > 0 && (
            <div class="screen-only">
              <Choice
                label={texts.by}
                value={by.value === undefined ? '' : String(by.value)}
                of={['', ...groups.map(({ i }) => String(i))]}
                nameOf={at =>
                  at === '' ? texts.noGroups : `${Number(at) + 1}. ${form.questions[Number(at)]?.text}`
                }
                onChange={chosen => {
                  by.value = chosen === '' ? undefined : Number(chosen)
                  void tryTo(reckon)
                }}
              />
              <p class="quiet">{texts.byHint}</p>
            </div>
          )}
          <ResultTables form={form} results={results.value} />
        </>
      )}
    </>
  )
}

function ResultTables({
  form,
  results,
}: {
  readonly form: SurveyForm
  readonly results: SurveyResults
}): JSX.Element {
  const { survey, participants, invited, invalid, figures, groups } = results
  const texts = ts().results
  const name = `survey-${survey.slice(0, 8)}`
  const files = te().result
  return (
    <section class="result" aria-label={ts().sections.results}>
      <p>
        <strong>{texts.sums(count(participants), count(invited), invalid)}</strong>
      </p>
      <p>
        {ts().standing.survey} <code>{survey}</code>
      </p>
      {figures === undefined ? (
        <p class="warning">{texts.nothing(results.participants_least)}</p>
      ) : (
        <FiguresView form={form} figures={figures} />
      )}
      {groups.map(({ option, figures: those }) => (
        <section key={option}>
          <h3>
            {texts.groupOf(
              option === '' ? texts.noAnswer : option,
              those === undefined ? texts.few : count(those.participants),
            )}
          </h3>
          {those !== undefined && <FiguresView form={form} figures={those} />}
        </section>
      ))}
      <div class="row">
        <button type="button" onClick={() => save(`${name}.csv`, surveyTable(form, results))}>
          {files.csv}
        </button>
        <button type="button" onClick={() => save(`${name}.json`, resultsJson(results))}>
          {files.json}
        </button>
        <button type="button" onClick={() => save(`${name}.html`, surveyPage(form, results))}>
          {files.html}
        </button>
        <button type="button" onClick={() => print()}>
          {files.print}
        </button>
      </div>
    </section>
  )
}

function FiguresView({
  form,
  figures,
}: {
  readonly form: SurveyForm
  readonly figures: Figures
}): JSX.Element {
  const texts = ts().results
  return (
    <>
      {form.questions.map((question, i) => (
        <Table
          key={`${i} ${question.text}`}
          caption={`${i + 1}. ${question.text}`}
          head={[texts.item, texts.figure]}
          rows={rowsOf(question, figures.questions[i]).map(([item, figure]) => [
            itemText(question, item),
            typeof figure === 'number' ? count(figure) : item === 'answered' ? texts.few : figure,
          ])}
        />
      ))}
    </>
  )
}

/** Names what a figure is of; an option's name is its own. */
function itemText(question: SurveyQuestion, item: string): string {
  const options = question.kind === 'text' || question.kind === 'number' ? [] : question.options
  const unit = question.kind === 'number' && question.unit !== '' ? ` (${question.unit})` : ''
  if (options.includes(item)) return item
  const known = (ts().results.items as Readonly<Record<string, string>>)[item]
  return known === undefined ? item : `${known}${['sum', 'mean', 'median'].includes(item) ? unit : ''}`
}
