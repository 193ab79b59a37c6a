// Stops one host and lets it go on, as SIGSTOP or a machine's pause does: its clocks go on, its timers ring late, and
// what others send waits in its sockets.

import type { Link } from '../link/link.ts'
import type { Clock } from '../world/clock.ts'

/** Stops and starts one host. */
export interface StoppableHost {
  /** The clock to hand to the role. */
  readonly clock: Clock
  /** Makes the link to hand to the role. */
  link<L extends Link>(link: L): L
  stop(): void
  go(): void
}

/** @param clock the world's, which goes on */
export function stoppableHost(clock: Clock): StoppableHost {
  let held: (() => void)[] | undefined
  const running = async (): Promise<void> => {
    if (held === undefined) return
    await new Promise<void>(resolve => held?.push(resolve))
    await running()
  }
  return {
    clock: {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      after(ms, run) {
        let called = false
        const ring = (): void => {
          if (called) return
          if (held === undefined) run()
          else held.push(ring)
        }
        const timer = clock.after(ms, ring)
        return {
          cancel: () => {
            called = true
            timer.cancel()
          },
        }
      },
    },
    link: link =>
      new Proxy(link, {
        get(target, key) {
          if (key === 'serve') {
            const serve: Link['serve'] = (protocol, maxBytes, handler) =>
              target.serve(protocol, maxBytes, async (from, bytes) => {
                await running()
                return handler(from, bytes)
              })
            return serve
          }
          if (key === 'request') {
            const request: Link['request'] = async (...asked) => {
              await running()
              try {
                return await target.request(...asked)
              } finally {
                await running()
              }
            }
            return request
          }
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
    stop() {
      held ??= []
    },
    go() {
      const due = held ?? []
      held = undefined
      for (const ring of due) ring()
    },
  }
}
