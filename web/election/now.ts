// What the page of elections knows now: which election, and how it stands.

import { type Ask, asker } from '../public/ask.ts'
import { oneOf } from '../public/opened.ts'
import type { Opened, Standing, Told, Work } from './work.ts'

export const ask: Ask<Work, Told> = asker<Work, Told>()

export const { now, standing, listed, trouble, takeCode, codeOnce, open, list, lookOn } = oneOf<
  Opened,
  Standing
>({
  section: 'vote',
  lookEveryMs: 3000,
  list: async () => (await ask('list', [])).map(({ election: id, title }) => ({ id, title })),
  open: id => ask('open', [id]),
  look: () => ask('look', []),
})
