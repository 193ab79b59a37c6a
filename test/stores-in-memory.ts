// The stores of identities in the memory of a test.

import type { IdentityStores } from '../client/folder/identity-list.ts'
import { memoryStore, type Store } from '../world/store.ts'

/** Opens each folder's store in the memory of this process; what is in `others` outlives whoever opens it. */
export function storesInMemory(others: Map<string, Store> = new Map()): IdentityStores {
  return {
    open: async ({ folder }) => {
      const store = others.get(folder) ?? memoryStore()
      others.set(folder, store)
      await store.open()
      return store
    },
    keepOnly: async kept => {
      for (const folder of others.keys()) if (!kept.some(one => one.folder === folder)) others.delete(folder)
    },
  }
}
