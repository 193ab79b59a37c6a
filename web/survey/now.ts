// What the page of surveys knows now: which survey, how it stands, and what became of the answer that was sent here.

import { signal } from '@preact/signals'
import { type Ask, asker } from '../public/ask.ts'
import { oneOf } from '../public/opened.ts'
import type { Followed, Opened, Standing, Work } from './work.ts'

export const ask: Ask<Work, never> = asker<Work, never>()

/** Says what became of the answer that was sent or taken up here. */
export const followed = signal<Followed | undefined>(undefined)

export const { now, standing, listed, trouble, takeCode, codeOnce, open, list, lookOn } = oneOf<
  Opened,
  Standing
>({
  section: 'answer',
  lookEveryMs: 2000,
  // An answer that was sent is followed though nobody looks at the page
  hidden: () => followed.value !== undefined,
  list: async () => (await ask('list', [])).map(({ survey: id, title }) => ({ id, title })),
  async open(id) {
    followed.value = undefined
    return await ask('open', [id])
  },
  async look() {
    if (followed.value === undefined) return await ask('look', [])
    const of = await ask('follow', [])
    followed.value = of
    return of.standing
  },
})

/** Takes what a step has shown. */
export function take(of: Followed): void {
  followed.value = of
  standing.value = of.standing
}
