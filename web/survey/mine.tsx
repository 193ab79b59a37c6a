// What became of a participant's answers (docs/spec/pages.md 10.2): accepted, included, mixed, delivered.

import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { FileField } from '../parts/file-field.tsx'
import { save } from '../parts/save.ts'
import type { WorkFailure } from '../public/asked.ts'
import { ask, followed, take, trouble } from './now.ts'
import { failureText, ts } from './texts.ts'
import type { Followed, Opened } from './work.ts'

const steps = ['accepted', 'included', 'mixed', 'delivered'] as const

export function MineView({ opened }: { readonly opened: Opened }): JSX.Element {
  const failure = useSignal<string | undefined>(undefined)
  const texts = ts().mine
  const resume = async (file: File): Promise<void> => {
    failure.value = undefined
    try {
      take(await ask('resume', [await file.text()]))
    } catch (error) {
      failure.value = failureText(error as WorkFailure)
    }
  }
  return (
    <>
      <h2>{ts().sections.mine}</h2>
      <p>{texts.about}</p>
      {followed.value === undefined ? (
        <p class="empty">{texts.none}</p>
      ) : (
        <FollowedView followed={followed.value} survey={opened.survey} />
      )}
      {failure.value !== undefined && (
        <p class="warning" role="alert">
          {failure.value}
        </p>
      )}
      <FileField label={texts.choose} onFile={file => void resume(file)} />
    </>
  )
}

interface FollowedProps {
  readonly followed: Followed
  readonly survey: string
}

/** Shows the steps that an answer has come, and gives what it takes to look again. */
export function FollowedView({ followed: { state, kept }, survey }: FollowedProps): JSX.Element {
  const texts = ts().mine
  const at = steps.indexOf(state as (typeof steps)[number])
  return (
    <>
      {trouble.value !== undefined && (
        <p class="warning" role="alert">
          {failureText(trouble.value)}
        </p>
      )}
      {state === 'replaced' ? (
        <p class="warning" role="status">
          {texts.replaced}
        </p>
      ) : (
        <ol class="checks">
          {steps.map((step, i) => {
            const { name, says } = texts.steps[step]
            return (
              <li key={step} data-step={step} class={i <= at ? 'good' : 'waits'}>
                <strong>{name}</strong> {says}{' '}
                <span class="quiet">({i <= at ? texts.reached : texts.notYet})</span>
              </li>
            )
          })}
        </ol>
      )}
      <button type="button" onClick={() => save(`answer-${survey.slice(0, 8)}.json`, kept)}>
        {texts.keep}
      </button>
      <p class="quiet">{texts.keepHint}</p>
    </>
  )
}
