// What the page of elections knows now: which election, how it stands, and the code that came in its address.

import { signal } from '@preact/signals'
import { route } from '../parts/route.ts'
import { ask } from './ask.ts'
import type { WorkFailure } from './asked.ts'
import type { Listed, Opened, Standing } from './work.ts'

export type Now =
  | { readonly at: 'none' }
  | { readonly at: 'opening'; readonly election: string }
  | { readonly at: 'open'; readonly opened: Opened }
  | { readonly at: 'refused'; readonly election: string; readonly failure: WorkFailure }

export const now = signal<Now>({ at: 'none' })
export const standing = signal<Standing | undefined>(undefined)
export const listed = signal<readonly Listed[] | undefined>(undefined)
/** Says why the log could not be followed further. */
export const trouble = signal<WorkFailure | undefined>(undefined)

const lookEveryMs = 3000
/** A voter's link: the election's id, and the code, of letters, digits and hyphens. */
const linkForm = /^#vote\/([0-9a-f]{64})\/([0-9A-Za-z-]+)$/
let code: string | undefined

/** Takes the code out of the address before anything else: it stands in no history, and is kept in this tab alone. */
export function takeCode(): void {
  const [, election, found] = linkForm.exec(location.hash) ?? []
  if (election === undefined) return
  code = found
  history.replaceState(null, '', `#vote/${election}`)
}

/** Gives the code of the address, once. */
export function codeOnce(): string | undefined {
  const found = code
  code = undefined
  return found
}

/** Says which election the address names; undefined for none. */
export function electionOf(parts: readonly string[] = route.value): string | undefined {
  return parts[1]
}

/** Opens an election, and follows its log from then on. */
export async function open(election: string): Promise<void> {
  now.value = { at: 'opening', election }
  standing.value = undefined
  try {
    const opened = await ask('open', [election])
    standing.value = opened.standing
    now.value = { at: 'open', opened }
  } catch (error) {
    now.value = { at: 'refused', election, failure: error as WorkFailure }
  }
}

/** Looks again and again while an election is open and somebody looks at the page. */
export async function lookOn(): Promise<void> {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
    if (now.value.at !== 'open' || document.visibilityState !== 'visible') continue
    try {
      standing.value = await ask('look', [])
      trouble.value = undefined
    } catch (error) {
      trouble.value = error as WorkFailure
    }
  }
}

export async function list(): Promise<void> {
  listed.value = await ask('list', []).catch(() => [])
}
