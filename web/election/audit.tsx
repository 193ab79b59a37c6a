// Everything of an election checked in the browser, from the ballots to the printed result (docs/spec/pages.md 8.3): of
// this server, or of a copy of the public folder. Each check has its name and what came of it.

import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { type Check, checks } from '../../voting/index.ts'
import { count } from '../parts/format.ts'
import type { WorkFailure } from '../public/asked.ts'
import { filesIn } from './files.ts'
import { ask } from './now.ts'
import { ResultView } from './result.tsx'
import { te } from './texts.ts'
import { failureText } from './words.ts'
import type { File as FileOf, Opened, Verified } from './work.ts'

type Audited =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly check: Check | undefined; readonly done: number }
  | { readonly at: 'holds'; readonly verified: Verified }
  | { readonly at: 'refused'; readonly check: Check | undefined; readonly why: string }

/** @param opened the election of this page; undefined where none is open, and only a folder can be checked */
export function AuditView({ opened }: { readonly opened: Opened | undefined }): JSX.Element {
  const state = useSignal<Audited>({ at: 'idle' })
  const texts = te().audit
  const verify = async (read: () => Promise<readonly FileOf[] | undefined>): Promise<void> => {
    state.value = { at: 'running', check: undefined, done: 0 }
    let check: Check | undefined
    try {
      const files = await read()
      const verified = await ask('verify', files === undefined ? [] : [files], told => {
        if (!('check' in told)) return
        check = told.check
        state.value = { at: 'running', check, done: told.done }
      })
      if (opened !== undefined && verified.election !== opened.election)
        state.value = { at: 'refused', check: 'definition', why: texts.other(verified.election) }
      else state.value = { at: 'holds', verified }
    } catch (error) {
      state.value = { at: 'refused', check, why: failureText(error as WorkFailure) }
    }
  }
  const now = state.value
  return (
    <>
      <h2>{texts.title}</h2>
      <p>{texts.about}</p>
      <div class="row">
        {opened !== undefined && (
          <button
            type="button"
            disabled={now.at === 'running'}
            onClick={() => void verify(async () => undefined)}
          >
            {texts.here}
          </button>
        )}
        <FolderButton label={texts.folder} isFolder onFiles={files => void verify(() => filesIn(files))} />
        <FolderButton
          label={texts.archive}
          isFolder={false}
          onFiles={files => void verify(() => filesIn(files))}
        />
      </div>
      {now.at !== 'idle' && <Checks now={now} />}
      {now.at === 'refused' && (
        <p class="warning" role="alert">
          {texts.refused} {now.why}
        </p>
      )}
      {now.at === 'holds' && (
        <>
          <p class="good" role="status">
            {texts.holds(count(now.verified.entries), count(now.verified.ballots))}
          </p>
          <p>
            {texts.compare} <code>{now.verified.election}</code>
          </p>
          <List title={texts.named} of={now.verified.named} />
          <List title={texts.unknown} of={now.verified.unknown} />
          <ResultView verified={now.verified} />
        </>
      )}
    </>
  )
}

/** The checks in their order: done, under way, refused, or not reached. */
function Checks({ now }: { readonly now: Exclude<Audited, { at: 'idle' }> }): JSX.Element {
  const texts = te().audit
  const at =
    now.at === 'holds' ? checks.length : now.check === undefined ? 0 : Math.max(0, checks.indexOf(now.check))
  const within = now.at === 'running' && now.check === 'log' ? now.done : 0
  return (
    <>
      <progress class="whole" max={checks.length} value={at + within} aria-label={texts.progress} />
      <ol class="checks">
        {checks.map((check, i) => {
          const how = i < at ? 'good' : i > at ? 'waits' : now.at === 'refused' ? 'bad' : 'wait'
          return (
            <li key={check} data-check={check} class={how}>
              <strong>{texts.outcomes[how]}</strong> {texts.checks[check]}
            </li>
          )
        })}
      </ol>
    </>
  )
}

function List({ title, of }: { readonly title: string; readonly of: readonly string[] }): JSX.Element | null {
  if (of.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul class="names">
        {of.map(each => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </>
  )
}

interface FolderButtonProps {
  readonly label: string
  readonly isFolder: boolean
  readonly onFiles: (files: readonly File[]) => void
}

function FolderButton({ label, isFolder, onFiles }: FolderButtonProps): JSX.Element {
  // What browsers have for whole folders stands in no type of Preact's
  const extra = isFolder ? { webkitdirectory: true } : { accept: '.tar' }
  return (
    <label class="button quiet">
      {label}
      <input
        class="aloud"
        type="file"
        {...extra}
        onChange={event => {
          const files = [...(event.currentTarget.files ?? [])]
          event.currentTarget.value = ''
          if (files.length > 0) onFiles(files)
        }}
      />
    </label>
  )
}
