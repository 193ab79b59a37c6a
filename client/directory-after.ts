// A directory that is asked for nothing before its time: a client without a consensus sends and reads nothing, so that
// its link stays silent until then (docs/client.md 11.3).

import { type Directory, healthy, type View } from '../directory/documents/view.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'

type State =
  | { readonly at: 'waiting' }
  | { readonly at: 'following'; readonly directory: Directory }
  | { readonly at: 'closed' }

export interface LateInit {
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds until `follow` is called. */
  readonly afterMs: number
  readonly follow: () => Promise<Directory>
  /** Ends what `follow` gave. */
  readonly end: (directory: Directory) => Promise<void>
}

export function lateDirectory({ clock, log, afterMs, follow, end }: LateInit): Directory {
  let state: State = { at: 'waiting' }
  const handlers = new Set<(view: View) => void>()
  const tell = (view: View): void => {
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
    ready: signal =>
      new Promise((resolve, reject) => {
        const current = now()?.current()
        if (current !== undefined) return resolve(current)
        const stop = (): void => {
          handlers.delete(found)
          signal?.removeEventListener('abort', abort)
        }
        const found = (view: View): void => {
          stop()
          resolve(view)
        }
        const abort = (): void => {
          stop()
          reject(signal?.reason)
        }
        handlers.add(found)
        signal?.addEventListener('abort', abort, { once: true })
      }),
    close: async () => {
      timer.cancel()
      const following = now()
      state = { at: 'closed' }
      handlers.clear()
      await starting
      if (following !== undefined) await end(following)
    },
  }
}
