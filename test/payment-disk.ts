// A disk that ends at one of its writes, as a process that is killed sees it. Not a test itself.

import type { AbstractBatchOperation } from 'abstract-level'
import type { Store } from '../world/store.ts'

export interface CutDisk {
  readonly store: Store
  /** Counts the writes until now. */
  readonly writes: () => number
}

/** A disk that is cut off at its n-th write: before it, or after it. A batch is one write. */
export function cutOff(disk: Store, at: number, isAfter: boolean, onCut: () => void = () => {}): CutDisk {
  let writes = 0
  const write = async (key: string, run: () => Promise<void>): Promise<void> => {
    // Where the reading of the bulletin stands is no step of a payment
    const mine = key.startsWith('transport/') ? -1 : writes++
    if (mine > at || (mine === at && !isAfter)) {
      onCut()
      throw new Error('the disk is gone')
    }
    await run()
    if (mine === at) onCut()
  }
  const store = new Proxy(disk, {
    get(target, name) {
      if (name === 'put') return (key: string, value: Uint8Array) => write(key, () => target.put(key, value))
      if (name === 'del') return (key: string) => write(key, () => target.del(key))
      if (name === 'batch')
        return (operations: AbstractBatchOperation<Store, string, Uint8Array>[]) =>
          operations.length === 0 ? Promise.resolve() : write('', () => target.batch(operations))
      const found: unknown = Reflect.get(target, name)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
  return { store, writes: () => writes }
}
