// A directory that is asked for nothing before its time: a client without a consensus sends and reads nothing, so that
// its link stays silent until then (docs/spec/client-store.md 11.3).

import { type Directory, healthy, type View } from '../directory/documents/view.ts'
import { DirectoryError } from '../directory/error.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import type { Ms } from '../world/units.ts'
import { type Settle, wait } from '../world/wait.ts'

type State =
  | { readonly at: 'waiting' }
  | { readonly at: 'following'; readonly directory: Directory }
  | { readonly at: 'closed' }

export interface DirectoryAfterInit {
  readonly clock: Clock
  readonly log: Log
  /** The time until `follow` is called. */
  readonly afterMs: Ms
  readonly follow: () => Promise<Directory>
  /** Ends what `follow` gave. */
  readonly end: (directory: Directory) => Promise<void>
}

export function directoryAfter({ clock, log, afterMs, follow, end }: DirectoryAfterInit): Directory {
  let state: State = { at: 'waiting' }
  const handlers = new Set<(view: View) => void>()
  /** Those who wait in `ready`. */
  const waiting = new Set<Settle<View>>()
  const tell = (view: View): void => {
    for (const { resolve } of [...waiting]) resolve(view)
    for (const handler of handlers) handler(view)
  }
  let starting: Promise<void> = Promise.resolve()
  const timer = clock.after(afterMs, () => {
    starting = begin().catch(() => log.error({}, 'the directory could not be followed'))
  })
  async function begin(): Promise<void> {
    const directory = await follow()
    if (state.at === 'closed') return await end(directory)
    state = { at: 'following', directory }
    directory.onView(tell)
    const current = directory.current()
    if (current !== undefined) tell(current)
  }
  const now = (): Directory | undefined => (state.at === 'following' ? state.directory : undefined)
  return {
    current: () => now()?.current(),
    view: epoch => now()?.view(epoch),
    onView: handler => {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    health: () => now()?.health() ?? healthy,
    outOfTime: () => now()?.outOfTime?.(),
    ready: signal =>
      wait({ signal }, settle => {
        const current = now()?.current()
        if (current !== undefined) settle.resolve(current)
        if (state.at === 'closed') settle.reject(closed())
        waiting.add(settle)
        return () => waiting.delete(settle)
      }),
    close: async () => {
      timer.cancel()
      const following = now()
      state = { at: 'closed' }
      for (const { reject } of [...waiting]) reject(closed())
      handlers.clear()
      await starting
      if (following !== undefined) await end(following)
    },
  }
}

function closed(): DirectoryError {
  return new DirectoryError('CLOSED', 'the directory was closed')
}
