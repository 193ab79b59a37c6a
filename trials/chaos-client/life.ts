// One life of a process in `npm run chaos -- client`: what it stands on until it is killed. After that nothing it does
// reaches its disk, no timer of it rings, and no call of it returns; what was on the disk is there for its next life.

import type { KeptDisk } from '../../client/folder/kept-face.ts'
import type { Files } from '../../node/files.ts'
import type { Clock } from '../../world/clock.ts'
import type { Store } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'

export interface Life {
  readonly over: boolean
  readonly clock: Clock
  store(disk: Store): Store
  /** Sets its wall clock forth by so much, or back where negative. */
  jump(ms: number): void
  files(disk: Files): Files
  kept(disk: KeptDisk): KeptDisk
  /** Kills it at the n-th write to its disk from now, before or after that is done. */
  killAtWrite(n: number, when: 'before' | 'after'): void
  /** Kills it now, if it lives. */
  end(): void
}

/** A dead process waits for this. */
const never = new Promise<never>(() => {})
const writes: ReadonlySet<PropertyKey> = new Set(['put', 'del', 'batch', 'clear', 'write', 'erase', 'append'])

/**
 * @param skewMs by how much its clock is ahead
 * @param syncMs the time that a write to its disk takes until it is there: who dies before has not written
 * @param onEnd called once, when it is killed
 */
export function life(clock: Clock, skewMs: number, syncMs: number, onEnd: () => void): Life {
  let over = false
  let skew = skewMs
  const inTurn = turns()
  let doom: { left: number; readonly when: 'before' | 'after' } | undefined

  const end = (): void => {
    if (over) return
    over = true
    onEnd()
  }

  async function write(run: () => Promise<unknown>): Promise<unknown> {
    if (over) return await never
    const isLast = doom !== undefined && --doom.left <= 0
    if (isLast && doom?.when === 'before') {
      end()
      return await never
    }
    // What the power cuts off meanwhile is not on the disk; what waits is written one after the other
    if (syncMs > 0)
      await inTurn(() => new Promise<void>(resolve => void clock.after(syncMs, () => resolve())))
    if (over) return await never
    const done = await run()
    if (isLast) end()
    return over ? await never : done
  }

  /** Reads of a dead process find nothing any more either. */
  const around = <T extends object>(disk: T): T =>
    new Proxy(disk, {
      get(_, name) {
        const value = Reflect.get(disk, name, disk) as unknown
        if (typeof value !== 'function') return value
        const call = (args: unknown[]): unknown => Reflect.apply(value, disk, args)
        if (writes.has(name)) return (...args: unknown[]) => write(async () => await call(args))
        return (...args: unknown[]) => call(args)
      },
    })

  return {
    get over() {
      return over
    },
    clock: {
      now: () => clock.now() + skew,
      elapsed: () => clock.elapsed(),
      after: (ms, run) =>
        clock.after(ms, () => {
          if (!over) run()
        }),
    },
    store: around,
    files: disk => ({
      ...around(disk),
      boot: disk.boot,
      list: () => disk.list(),
      read: (name, maxBytes) => disk.read(name, maxBytes),
      write: (name, bytes) => write(() => disk.write(name, bytes)) as Promise<void>,
      erase: name => write(() => disk.erase(name)) as Promise<void>,
      remove: name => write(() => disk.remove(name)) as Promise<void>,
      journal: async (...args) => around(await disk.journal(...args)),
    }),
    kept: disk => ({
      found: () => disk.found(),
      open: async () => around(await disk.open()),
      read: name => disk.read(name),
      replace: (name, bytes) => write(() => disk.replace(name, bytes)) as Promise<void>,
    }),
    jump(ms) {
      skew += ms
    },
    killAtWrite(n, when) {
      doom = { left: n, when }
    },
    end,
  }
}
