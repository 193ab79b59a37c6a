// What became of a ballot, by its receipt; and what is in one that was opened instead of cast, made by this page or by
// another program.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Fate, Question } from '../../voting/index.ts'
import { FileButton } from '../parts/file-field.tsx'
import type { WorkFailure } from '../public/asked.ts'
import { ask } from './now.ts'
import { te } from './texts.ts'
import { AnswerLines } from './vote.tsx'
import { failureText } from './words.ts'
import type { Challenged, Opened } from './work.ts'

type Found =
  | { readonly is: 'fate'; readonly tracker: string; readonly fate: Fate }
  | ({ readonly is: 'opened' } & Challenged)
  | { readonly is: 'failed'; readonly why: string }

export function BallotCheckView({ opened }: { readonly opened: Opened }): JSX.Element {
  const [found, setFound] = useState<Found | undefined>(undefined)
  const texts = te().check
  const look = async (act: () => Promise<Found>): Promise<void> => {
    setFound(undefined)
    setFound(await act().catch((error: WorkFailure) => ({ is: 'failed', why: failureText(error) }) as const))
  }
  return (
    <>
      <h2>{texts.title}</h2>
      <h3>{texts.receipt}</h3>
      <p>{texts.receiptHint}</p>
      <FileButton
        label={texts.chooseReceipt}
        onFile={file => void look(async () => ({ is: 'fate', ...(await ask('fate', [await file.text()])) }))}
      />
      <h3>{texts.opened}</h3>
      <p>{texts.openedHint}</p>
      <FileButton
        label={texts.chooseOpened}
        onFile={file =>
          void look(async () => ({ is: 'opened', ...(await ask('challenge', [await file.text()])) }))
        }
      />
      <div role="status">
        {found?.is === 'failed' && <p class="warning">{found.why}</p>}
        {found?.is === 'fate' && (
          <p class={found.fate === 'lost' ? 'warning' : 'found'}>
            <code class="tracker">{found.tracker}</code> {texts.fates[found.fate]}
          </p>
        )}
        {found?.is === 'opened' && (
          <div class="found">
            <p>
              <code class="tracker">{found.tracker}</code> {texts.holds}
            </p>
            <AnswerLines
              question={opened.definition.questions[found.question] as Question}
              answer={found.answer}
            />
            <p class="quiet">{texts.compare}</p>
          </div>
        )}
      </div>
    </>
  )
}
