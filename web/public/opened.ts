// What a public page knows of the one thing that its address names: which it is, how it stands, why it is refused, and
// the code that came in the address.

import { type Signal, signal } from '@preact/signals'
import { route } from '../parts/route.ts'
import type { WorkFailure } from './asked.ts'

export type Now<Opened> =
  | { readonly at: 'none' }
  | { readonly at: 'opening'; readonly id: string }
  | { readonly at: 'open'; readonly id: string; readonly opened: Opened }
  | { readonly at: 'refused'; readonly id: string; readonly failure: WorkFailure }

/** One of the things that the server names. */
export interface Named {
  readonly id: string
  readonly title: string
}

export interface OneOf<Opened, Standing> {
  readonly now: Signal<Now<Opened>>
  readonly standing: Signal<Standing | undefined>
  readonly listed: Signal<readonly Named[] | undefined>
  /** Says why the log could not be followed further. */
  readonly trouble: Signal<WorkFailure | undefined>
  /** Takes the code out of the address before anything else: it stands in no history, and is kept in this tab alone. */
  takeCode(): void
  /** Gives the code of the address, once. */
  codeOnce(): string | undefined
  /** Opens one by its id, and has its log followed from then on. */
  open(id: string): Promise<void>
  list(): Promise<void>
  /** Looks again and again while one is open. Never ends. */
  lookOn(): Promise<void>
}

/** Says which one the address names; undefined for none. */
export function idOf(parts: readonly string[] = route.value): string | undefined {
  return parts[1]
}

/**
 * Begins with none.
 *
 * @param of.section to which the link of an invitation leads: it has the id, and a code of letters, digits and hyphens
 * @param of.hidden tells whether to look also while nobody sees the page
 */
export function oneOf<Opened extends { readonly standing: Standing }, Standing>(of: {
  readonly section: string
  readonly lookEveryMs: number
  readonly hidden?: () => boolean
  readonly list: () => Promise<readonly Named[]>
  readonly open: (id: string) => Promise<Opened>
  readonly look: () => Promise<Standing>
}): OneOf<Opened, Standing> {
  const now = signal<Now<Opened>>({ at: 'none' })
  const standing = signal<Standing | undefined>(undefined)
  const listed = signal<readonly Named[] | undefined>(undefined)
  const trouble = signal<WorkFailure | undefined>(undefined)
  const linkForm = new RegExp(`^#${of.section}/([0-9a-f]{64})/([0-9A-Za-z-]+)$`)
  let code: string | undefined
  const isSeen = (): boolean => document.visibilityState === 'visible' || of.hidden?.() === true
  return {
    now,
    standing,
    listed,
    trouble,
    takeCode() {
      const [, id, found] = linkForm.exec(location.hash) ?? []
      if (id === undefined) return
      code = found
      history.replaceState(null, '', `#${of.section}/${id}`)
    },
    codeOnce() {
      const found = code
      code = undefined
      return found
    },
    async open(id) {
      now.value = { at: 'opening', id }
      standing.value = undefined
      try {
        const opened = await of.open(id)
        standing.value = opened.standing
        now.value = { at: 'open', id, opened }
      } catch (error) {
        now.value = { at: 'refused', id, failure: error as WorkFailure }
      }
    },
    async list() {
      listed.value = await of.list().catch(() => [])
    },
    async lookOn() {
      for (;;) {
        await new Promise(resolve => setTimeout(resolve, of.lookEveryMs))
        if (now.value.at !== 'open' || !isSeen()) continue
        try {
          standing.value = await of.look()
          trouble.value = undefined
        } catch (error) {
          trouble.value = error as WorkFailure
        }
      }
    },
  }
}
