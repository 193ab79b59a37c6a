// Preparing an election (docs/spec/pages.md 8.5): an administrator's definition, the register, and the codes, all made
// in the browser. The server gets the definition and the roll, once the owners have agreed on them, and nothing else.

import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { codesText } from '../../scripts/election/voters-csv.ts'
import { definitionFormat, parseDefinition } from '../../voting/index.ts'
import { DateField, utcOf } from '../parts/date-field.tsx'
import { Facts } from '../parts/facts.tsx'
import { Field } from '../parts/field.tsx'
import { FileField } from '../parts/file-field.tsx'
import { count } from '../parts/format.ts'
import { hrefOf } from '../parts/route.ts'
import { save } from '../parts/save.ts'
import { Table } from '../parts/table.tsx'
import type { WorkFailure } from '../public/asked.ts'
import { ask } from './now.ts'
import { newQuestion, type QuestionDraft, questionOf } from './question-draft.ts'
import { QuestionEditor } from './question-editor.tsx'
import { te } from './texts.ts'
import { datesOf, failureText } from './words.ts'
import type { People, Prepared } from './work.ts'

/** Where a definition comes from: the form, or a file that somebody else has made. */
interface Given {
  readonly name: string
  readonly value: unknown
}

const publishEveryMs = 4000
const shownVoters = 5

export function PrepareView(): JSX.Element {
  const [people, setPeople] = useState<People | undefined>(undefined)
  const [title, setTitle] = useState('')
  const [least, setLeast] = useState({ mixes: '1', quorum: '', ballots: '2' })
  const [dates, setDates] = useState({ opens: '', closes: '' })
  const [questions, setQuestions] = useState<readonly QuestionDraft[]>([newQuestion()])
  const [given, setGiven] = useState<Given | undefined>(undefined)
  const [register, setRegister] = useState<File | undefined>(undefined)
  const [prepared, setPrepared] = useState<Prepared | undefined>(undefined)
  const failure = useSignal<string | undefined>(undefined)
  const texts = te().prepare
  useEffect(() => {
    ask('people', []).then(
      found => {
        setPeople(found)
        setLeast(before => ({ ...before, quorum: String(found.quorum), mixes: String(found.mixers.length) }))
      },
      (error: WorkFailure) => {
        failure.value = failureText(error)
      },
    )
  }, [])
  const make = async (): Promise<void> => {
    failure.value = undefined
    setPrepared(undefined)
    try {
      const definition = given?.value ?? (people && definitionOf(people, title, least, dates, questions))
      const bytes = register === undefined ? undefined : new Uint8Array(await register.arrayBuffer())
      setPrepared(await ask('prepare', bytes === undefined ? [definition] : [definition, bytes]))
    } catch (error) {
      failure.value = failureText(error as WorkFailure)
    }
  }
  return (
    <>
      <h2>{texts.heading}</h2>
      <p>{texts.about}</p>
      {people !== undefined && <PeopleFacts people={people} />}
      <form
        onSubmit={event => {
          event.preventDefault()
          void make()
        }}
      >
        <FileField
          label={texts.file}
          hint={given === undefined ? texts.fileHint : texts.fileTaken(given.name)}
          onFile={file => void readGiven(file).then(setGiven)}
        />
        {given === undefined && (
          <>
            <Field label={texts.name} value={title} onInput={setTitle} required />
            {questions.map((draft, i) => (
              <QuestionEditor
                key={i}
                at={i}
                draft={draft}
                onChange={changed => setQuestions(questions.map((old, at) => (at === i ? changed : old)))}
                onRemove={
                  questions.length === 1
                    ? undefined
                    : () => setQuestions(questions.filter((_, at) => at !== i))
                }
              />
            ))}
            <button type="button" class="quiet" onClick={() => setQuestions([...questions, newQuestion()])}>
              {texts.add}
            </button>
            <div class="inline">
              {(['mixes', 'quorum', 'ballots'] as const).map(name => (
                <Field
                  key={name}
                  label={texts.least[name]}
                  type="number"
                  value={least[name]}
                  onInput={value => setLeast({ ...least, [name]: value })}
                />
              ))}
            </div>
            <div class="inline">
              {(['opens', 'closes'] as const).map(name => (
                <DateField
                  key={name}
                  label={texts.dates[name]}
                  value={dates[name]}
                  onInput={value => setDates({ ...dates, [name]: value })}
                  hint={texts.datesHint[name]}
                />
              ))}
            </div>
          </>
        )}
        <FileField
          label={texts.register}
          hint={register === undefined ? texts.registerHint : texts.fileTaken(register.name)}
          onFile={setRegister}
        />
        {failure.value !== undefined && (
          <p class="warning" role="alert">
            {failure.value}
          </p>
        )}
        <button type="submit">{texts.make}</button>
      </form>
      {prepared !== undefined && <PreparedView key={prepared.election} prepared={prepared} />}
    </>
  )
}

function definitionOf(
  { mixnet, controller_key, mixers, trustees, threshold }: People,
  title: string,
  least: { readonly mixes: string; readonly quorum: string; readonly ballots: string },
  dates: { readonly opens: string; readonly closes: string },
  questions: readonly QuestionDraft[],
): unknown {
  const [opens_at, closes_at] = [utcOf(dates.opens), utcOf(dates.closes)]
  return {
    ...(opens_at === undefined ? {} : { opens_at }),
    ...(closes_at === undefined ? {} : { closes_at }),
    ...{ format: definitionFormat, title: title.trim(), mixnet, controller_key, threshold },
    mixers: mixers.map(({ id }) => id),
    trustees: trustees.map(({ id }) => id),
    mixes_least: Number(least.mixes),
    quorum: Number(least.quorum),
    ballots_least: Number(least.ballots),
    questions: questions.map(questionOf),
  }
}

async function readGiven(file: File): Promise<Given> {
  const text = await file.text()
  try {
    return { name: file.name, value: JSON.parse(text) }
  } catch {
    // Whoever reads it says that it is none
    return { name: file.name, value: text }
  }
}

function PeopleFacts({ people }: { readonly people: People }): JSX.Element {
  const { mixnet, mixers, trustees, threshold, digest } = people
  const texts = te().prepare
  const names = (of: People['mixers']): string => of.map(({ name }) => name).join(', ')
  return (
    <Facts
      of={[
        [texts.mixnet, mixnet],
        [te().standing.mixers, names(mixers)],
        [te().standing.trustees, names(trustees), texts.thresholdOf(threshold)],
        [texts.plan, <code key="digest">{digest}</code>, texts.planHint],
      ]}
    />
  )
}

/** Shows what was made: whom each file is for, and the way of the two public ones to the server. */
function PreparedView({ prepared }: { readonly prepared: Prepared }): JSX.Element {
  const { election, definition, roll, invited } = prepared
  const [at, setAt] = useState<'waits' | 'published'>('waits')
  const why = useSignal('')
  const texts = te().prepare
  const hasVoters = invited.length > 0
  const votes = invited.reduce((sum, { weight }) => sum + weight, 0)
  const link = (code: string): string =>
    `${location.origin}${location.pathname}${hrefOf('vote', election)}/${code}`
  useEffect(() => {
    if (!hasVoters) return
    let isOver = false
    const publish = async (): Promise<void> => {
      while (!isOver)
        try {
          await ask('publish', [election, definition, roll])
          setAt('published')
          return
        } catch (error) {
          why.value = failureText(error as WorkFailure)
          await new Promise(resolve => setTimeout(resolve, publishEveryMs))
        }
    }
    void publish()
    return () => {
      isOver = true
    }
  }, [])
  return (
    <section class="result" aria-label={texts.made}>
      <h2>{texts.made}</h2>
      <Facts
        of={[
          [te().standing.election, <code key="id">{election}</code>, texts.tellId],
          ...(hasVoters
            ? ([[te().standing.voters, te().standing.votersOf(count(invited.length), count(votes))]] as const)
            : []),
          ...datesOf(parseDefinition(definition)),
        ]}
      />
      <h3>{texts.public}</h3>
      <p>{hasVoters ? texts.publicSays : texts.noVoters}</p>
      <div class="row">
        <button type="button" onClick={() => save('election.json', definition)}>
          {te().vote.save('election.json')}
        </button>
        {hasVoters && (
          <button type="button" onClick={() => save('voters.bin', roll)}>
            {te().vote.save('voters.bin')}
          </button>
        )}
      </div>
      {hasVoters && (
        <>
          <h3>{texts.secret}</h3>
          <p class="warning">{texts.secretSays}</p>
          <button type="button" onClick={() => save('codes.csv', codesText(invited, link))}>
            {te().vote.save('codes.csv')}
          </button>
          <Table
            caption={texts.read(count(invited.length))}
            head={[texts.voter, texts.mail, texts.weight]}
            rows={invited.slice(0, shownVoters).map(({ name, mail, weight }) => [name, mail, count(weight)])}
          />
          <h3>{texts.server}</h3>
          {at === 'published' ? (
            <p class="good" role="status">
              {texts.published} <a href={hrefOf('standing', election)}>{te().sections.standing}</a>
            </p>
          ) : (
            <>
              <p role="status">{texts.waits}</p>
              <p class="quiet">{why.value}</p>
            </>
          )}
        </>
      )}
    </section>
  )
}
