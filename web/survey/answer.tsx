// A participant's way (docs/spec/pages.md 10.2): code, answers, and what became of them.

import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SurveyAnswer } from '../../voting/index.ts'
import { CodeForm } from '../election/code-form.tsx'
import { te } from '../election/texts.ts'
import type { WorkFailure } from '../public/asked.ts'
import { FollowedView } from './mine.tsx'
import { ask, codeOnce, followed, standing, take } from './now.ts'
import { emptySurveyDraft, type SurveyDraft, SurveyQuestionForm, surveyAnswerOf } from './question.tsx'
import { failureText, ts } from './texts.ts'
import type { Opened } from './work.ts'

type Step =
  | { readonly at: 'code' | 'working' | 'sending' | 'sent' }
  | { readonly at: 'answers'; readonly again: boolean }

export function AnswerView({ opened }: { readonly opened: Opened }): JSX.Element {
  const { form } = opened
  const step = useSignal<Step>({ at: 'code' })
  const failure = useSignal<string | undefined>(undefined)
  const [code, setCode] = useState('')
  const [drafts, setDrafts] = useState<readonly SurveyDraft[]>(() => form.questions.map(emptySurveyDraft))
  const texts = ts().answer
  const enter = async (typed: string): Promise<void> => {
    failure.value = undefined
    step.value = { at: 'working' }
    try {
      const { again } = await ask('enter', [typed])
      followed.value = undefined
      // It is the worker's now: nothing of the page holds it any more
      setCode('')
      step.value = { at: 'answers', again }
    } catch (error) {
      failure.value = failureText(error as WorkFailure)
      step.value = { at: 'code' }
    }
  }
  useEffect(() => {
    const given = codeOnce()
    if (given !== undefined) void enter(given)
  }, [])
  const send = async (before: Step): Promise<void> => {
    const answers = form.questions.map((question, i) => surveyAnswerOf(question, drafts[i] as SurveyDraft))
    const missing = answers.indexOf(undefined)
    failure.value = missing === -1 ? undefined : te().vote.missing(missing + 1)
    if (missing !== -1) return
    step.value = { at: 'sending' }
    try {
      take(await ask('send', [answers as readonly SurveyAnswer[]]))
      step.value = { at: 'sent' }
    } catch (error) {
      failure.value = failureText(error as WorkFailure)
      step.value = before
    }
  }
  const at = step.value
  const isOpen = (standing.value ?? opened.standing).stage === 'open'
  return (
    <>
      <h2>{form.title}</h2>
      <p>{texts.about(form.participants_least)}</p>
      {failure.value !== undefined && (
        <p class="warning" role="alert">
          {failure.value}
        </p>
      )}
      {at.at !== 'sent' && !isOpen && <p class="warning">{texts.closed}</p>}
      {at.at === 'code' && (
        <CodeForm hint={texts.codeHint} code={code} onCode={setCode} onEnter={typed => void enter(typed)} />
      )}
      {(at.at === 'working' || at.at === 'sending') && (
        <p role="status">{at.at === 'working' ? te().vote.working : texts.sending}</p>
      )}
      {at.at === 'answers' && (
        <form
          onSubmit={event => {
            event.preventDefault()
            void send(at)
          }}
        >
          <p>{texts.welcome}</p>
          {at.again && <p class="warning">{texts.again}</p>}
          {form.questions.map((question, i) => (
            <SurveyQuestionForm
              key={`${i} ${question.text}`}
              question={question}
              at={i}
              draft={drafts[i] as SurveyDraft}
              onChange={draft => setDrafts(drafts.map((old, k) => (k === i ? draft : old)))}
            />
          ))}
          <button type="submit">{texts.send}</button>
        </form>
      )}
      {at.at === 'sent' && followed.value !== undefined && (
        <>
          <FollowedView followed={followed.value} survey={opened.survey} />
          {isOpen && (
            <button
              type="button"
              class="quiet"
              onClick={() => {
                step.value = { at: 'answers', again: true }
              }}
            >
              {ts().mine.anew}
            </button>
          )}
        </>
      )}
    </>
  )
}
