// What the page of surveys knows now: which survey, how it stands, what became of the answer that was sent here, and
// the code that came in its address.

import { signal } from '@preact/signals'
import { asker } from '../election/ask.ts'
import type { WorkFailure } from '../election/asked.ts'
import { route } from '../parts/route.ts'
import type { Followed, Listed, Opened, Standing, Work } from './work.ts'

export const ask = asker<Work, never>()

export type Now =
  | { readonly at: 'none' }
  | { readonly at: 'opening'; readonly survey: string }
  | { readonly at: 'open'; readonly opened: Opened }
  | { readonly at: 'refused'; readonly survey: string; readonly failure: WorkFailure }

export const now = signal<Now>({ at: 'none' })
export const standing = signal<Standing | undefined>(undefined)
export const listed = signal<readonly Listed[] | undefined>(undefined)
/** Says what became of the answer that was sent or taken up here. */
export const followed = signal<Followed | undefined>(undefined)
/** Says why the log could not be followed further. */
export const trouble = signal<WorkFailure | undefined>(undefined)

const lookEveryMs = 2000
/** A participant's link: the survey's id, and the code, of letters, digits and hyphens. */
const linkForm = /^#answer\/([0-9a-f]{64})\/([0-9A-Za-z-]+)$/
let code: string | undefined

/** Takes the code out of the address before anything else: it stands in no history, and is kept in this tab alone. */
export function takeCode(): void {
  const [, survey, found] = linkForm.exec(location.hash) ?? []
  if (survey === undefined) return
  code = found
  history.replaceState(null, '', `#answer/${survey}`)
}

/** Gives the code of the address, once. */
export function codeOnce(): string | undefined {
  const found = code
  code = undefined
  return found
}

/** Says which survey the address names; undefined for none. */
export function surveyOf(parts: readonly string[] = route.value): string | undefined {
  return parts[1]
}

/** Opens a survey, and follows its log from then on. */
export async function open(survey: string): Promise<void> {
  now.value = { at: 'opening', survey }
  standing.value = undefined
  followed.value = undefined
  try {
    const opened = await ask('open', [survey])
    standing.value = opened.standing
    now.value = { at: 'open', opened }
  } catch (error) {
    now.value = { at: 'refused', survey, failure: error as WorkFailure }
  }
}

/** Takes what a step has shown. */
export function take(of: Followed): void {
  followed.value = of
  standing.value = of.standing
}

/** Looks again and again: an answer that was sent is followed though nobody looks at the page. */
export async function lookOn(): Promise<void> {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
    const isFollowed = followed.value !== undefined
    if (now.value.at !== 'open' || (!isFollowed && document.visibilityState !== 'visible')) continue
    try {
      if (isFollowed) take(await ask('follow', []))
      else standing.value = await ask('look', [])
      trouble.value = undefined
    } catch (error) {
      trouble.value = error as WorkFailure
    }
  }
}

export async function list(): Promise<void> {
  listed.value = await ask('list', []).catch(() => [])
}
