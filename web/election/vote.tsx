// A voter's way (docs/spec/pages.md 8.2): code, answers, ballots; then they are cast, or opened to see whether the page
// is honest. What was cast leaves a receipt.

import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Answer, Definition, Question } from '../../voting/index.ts'
import { save } from '../parts/save.ts'
import type { WorkFailure } from '../public/asked.ts'
import { CodeForm } from './code-form.tsx'
import { answerOf, type Draft, emptyDraft } from './draft.ts'
import { ask, codeOnce, standing } from './now.ts'
import { QuestionForm } from './question-form.tsx'
import { te } from './texts.ts'
import { datesOf, failureText, linesOf, stageText } from './words.ts'
import type { Entered, Kept, Opened } from './work.ts'

type Step =
  | { readonly at: 'code' }
  | { readonly at: 'working' }
  | { readonly at: 'answers'; readonly entered: Entered }
  | {
      readonly at: 'made'
      readonly entered: Entered
      readonly answers: readonly Answer[]
      readonly trackers: readonly string[]
    }
  | { readonly at: 'casting'; readonly taken: number }
  | { readonly at: 'cast'; readonly kept: readonly Kept[] }
  | { readonly at: 'revealed'; readonly kept: readonly Kept[]; readonly answers: readonly Answer[] }

export function VoteView({ opened }: { readonly opened: Opened }): JSX.Element {
  const { definition } = opened
  const step = useSignal<Step>({ at: 'code' })
  const failure = useSignal<string | undefined>(undefined)
  const [code, setCode] = useState('')
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => definition.questions.map(emptyDraft))
  const texts = te().vote

  /** Does something, and comes back to where one was where it fails. */
  const tryTo = async (next: () => Promise<Step>, back: Step): Promise<void> => {
    failure.value = undefined
    step.value = { at: 'working' }
    try {
      step.value = await next()
    } catch (error) {
      failure.value = failureText(error as WorkFailure)
      step.value = back
    }
  }
  const enter = async (typed: string): Promise<void> => {
    await tryTo(async () => ({ at: 'answers', entered: await ask('enter', [typed]) }), { at: 'code' })
    // It is the worker's now: nothing of the page holds it any more
    if (step.value.at === 'answers') setCode('')
  }
  useEffect(() => {
    const given = codeOnce()
    if (given !== undefined) void enter(given)
  }, [])

  const make = async (entered: Entered): Promise<void> => {
    const answers = definition.questions.map((question, i) => answerOf(question, drafts[i] as Draft))
    const missing = answers.indexOf(undefined)
    if (missing !== -1) {
      failure.value = texts.missing(missing + 1)
      return
    }
    const all = answers as readonly Answer[]
    const next = async (): Promise<Step> => {
      return { at: 'made', entered, answers: all, trackers: await ask('make', [all]) }
    }
    await tryTo(next, { at: 'answers', entered })
  }
  const cast = async (): Promise<void> => {
    failure.value = undefined
    step.value = { at: 'casting', taken: 0 }
    try {
      const kept = await ask('cast', [], told => {
        if ('taken' in told) step.value = { at: 'casting', taken: told.taken }
      })
      step.value = { at: 'cast', kept }
    } catch (error) {
      failure.value = failureText(error as WorkFailure)
      step.value = { at: 'code' }
    }
  }
  const now = step.value
  return (
    <>
      <h2>{definition.title}</h2>
      {datesOf(definition).map(([what, when]) => (
        <p key={what}>
          {what}: <strong>{when}</strong>
        </p>
      ))}
      <FewLines opened={opened} />
      {failure.value !== undefined && (
        <p class="warning" role="alert">
          {failure.value}
        </p>
      )}
      {now.at === 'code' && (
        <CodeForm hint={texts.codeHint} code={code} onCode={setCode} onEnter={typed => void enter(typed)} />
      )}
      {now.at === 'working' && <p role="status">{texts.working}</p>}
      {now.at === 'answers' && (
        <form
          onSubmit={event => {
            event.preventDefault()
            void make(now.entered)
          }}
        >
          <p>{texts.welcome(now.entered.weight)}</p>
          {now.entered.cast.some(each => each !== null) && <p class="warning">{texts.again}</p>}
          {definition.questions.map((question, i) => (
            <QuestionForm
              key={question.text}
              question={question}
              at={i}
              draft={drafts[i] as Draft}
              onChange={draft => setDrafts(drafts.map((old, at) => (at === i ? draft : old)))}
            />
          ))}
          <button type="submit">{texts.make}</button>
        </form>
      )}
      {now.at === 'made' && (
        <>
          <p>{texts.compare}</p>
          <Ballots definition={definition} answers={now.answers} trackers={now.trackers} />
          <div class="row">
            <button type="button" onClick={() => void cast()}>
              {texts.cast}
            </button>
            <button
              type="button"
              class="quiet"
              onClick={() =>
                void tryTo(
                  async () => ({ at: 'revealed', kept: await ask('reveal', []), answers: now.answers }),
                  { at: 'answers', entered: now.entered },
                )
              }
            >
              {texts.reveal}
            </button>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                step.value = { at: 'answers', entered: now.entered }
              }}
            >
              {texts.change}
            </button>
          </div>
          <p class="quiet">{texts.revealHint}</p>
        </>
      )}
      {now.at === 'casting' && (
        <p role="status">
          {texts.casting}{' '}
          <progress max={definition.questions.length} value={now.taken} aria-label={texts.casting} />
        </p>
      )}
      {now.at === 'cast' && (
        <>
          <p class="good">{texts.taken}</p>
          <Files kept={now.kept} />
          <p>{texts.keep}</p>
          <p class="quiet">{texts.replace}</p>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              step.value = { at: 'code' }
            }}
          >
            {texts.anew}
          </button>
        </>
      )}
      {now.at === 'revealed' && (
        <>
          <p>{texts.revealed}</p>
          <Ballots
            definition={definition}
            answers={now.answers}
            trackers={now.kept.map(({ tracker }) => tracker)}
          />
          <Files kept={now.kept} />
          <button
            type="button"
            onClick={() => {
              step.value = { at: 'code' }
            }}
          >
            {texts.anew}
          </button>
        </>
      )}
    </>
  )
}

interface BallotsProps {
  readonly definition: Definition
  readonly answers: readonly Answer[]
  readonly trackers: readonly string[]
}

/** Shows what was said, beside the tracker of the ballot that it became. */
function Ballots({ definition, answers, trackers }: BallotsProps): JSX.Element {
  return (
    <ol class="ballots">
      {answers.map((answer, i) => (
        <li key={trackers[i]}>
          <strong>{definition.questions[i]?.text}</strong>
          <AnswerLines question={definition.questions[i] as Question} answer={answer} />
          <span>
            {te().vote.tracker} <code class="tracker">{trackers[i]}</code>
          </span>
        </li>
      ))}
    </ol>
  )
}

/** Says of questions with too few ballots at their end what became of them, or until when they were prolonged. */
function FewLines({ opened }: { readonly opened: Opened }): JSX.Element {
  const { questions, ballots_least: least, quorum } = opened.definition
  const now = (standing.value ?? opened.standing).questions
  return (
    <>
      {now.map((each, i) =>
        each.stage === 'few' || each.stage === 'given-up' || each.until !== '' ? (
          <p key={questions[i]?.text} class="warning" role="status">
            {i + 1}. {questions[i]?.text}: {stageText(each, { least, quorum })}
          </p>
        ) : null,
      )}
    </>
  )
}

export function AnswerLines(props: { readonly question: Question; readonly answer: Answer }): JSX.Element {
  return (
    <ul>
      {linesOf(props.question, props.answer).map(line => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}

/** Files to keep, each with the tracker of its ballot. */
function Files({ kept }: { readonly kept: readonly Kept[] }): JSX.Element {
  return (
    <ul class="cards">
      {kept.map(({ name, text, tracker }) => (
        <li key={name} class="row">
          <code class="tracker">{tracker}</code>
          <button type="button" onClick={() => save(name, text)}>
            {te().vote.save(name)}
          </button>
        </li>
      ))}
    </ul>
  )
}
