// Planted defects of `npm run chaos -- node`: what an honest node or client is handed to stand on, with one promise not
// kept.

import type { ClientOptions } from '../../client/connect.ts'
import type { Footing } from '../../roles/node.ts'
import type { Store } from '../../world/store.ts'
import { changedLink } from '../chaos-directory/liar.ts'
import type { Aim } from './faults.ts'
import { late, onRefusal } from './store.ts'

export interface Defect {
  /** Names what has to go wrong, and to whom, for it to show: with it planted every second fault is of this kind. */
  readonly shownBy: Aim
  readonly node?: (footing: Footing, role: 'mix' | 'gateway') => Footing | Promise<Footing>
  readonly client?: (
    options: ClientOptions & { readonly store: Store },
  ) => ClientOptions | Promise<ClientOptions>
}

/** A process that keeps things late may lose what came in this time. */
const lateMs = 5000
/** More cells than come at once in quiet times. */
const burst = 8

export const defects: Readonly<Record<string, Defect>> = {
  /** Replay tags are in memory only. */
  'tags-not-written': {
    shownBy: { kind: 'sigkill', roles: ['mix'] },
    node: footing => ({
      ...footing,
      files: {
        ...footing.files,
        journal: async (...args) => ({ ...(await footing.files.journal(...args)), append: async () => {} }),
      },
    }),
  },

  /** A gateway says "stored" before it is on disk. */
  'mail-acknowledged-early': {
    shownBy: { kind: 'sigkill', roles: ['gateway'] },
    node: async (footing, role) =>
      role === 'gateway' ? { ...footing, store: await late(footing.store, lateMs) } : footing,
  },

  /** A client says "accepted", and tells its gateway to delete, before it is on disk. */
  'client-keeps-late': {
    shownBy: { kind: 'sigkill', roles: ['client'] },
    client: async options => ({ ...options, store: await late(options.store, lateMs) }),
  },

  /** A gateway takes from any client what it takes from a node. */
  'clients-unlimited': {
    shownBy: { kind: 'flood' },
    node: footing => {
      const { admission } = footing
      const open = {
        admits: admission.admits,
        isNode: () => true,
        get views() {
          return admission.views
        },
        refresh: admission.refresh,
      }
      return { ...footing, admission: open }
    },
  },

  /** A node is blamed for what it passes on. */
  'passing-on-blamed': {
    shownBy: { kind: 'garbage' },
    node: footing => ({
      ...footing,
      link: changedLink(footing.link, {
        onCells: handler =>
          footing.link.onCells((from, cells) => {
            footing.link.judge(from, { fitting: 0, misfits: cells.length })
            return handler(from, cells)
          }),
      }),
    }),
  },

  /** A burst of cells leaves a rejected promise that nobody handles. */
  'burst-unhandled': {
    shownBy: { kind: 'replay' },
    node: footing => ({
      ...footing,
      link: changedLink(footing.link, {
        onCells: handler =>
          footing.link.onCells((from, cells) => {
            handler(from, cells)
            if (cells.length >= burst) void Promise.reject(new Error(`${cells.length} cells at once`))
          }),
      }),
    }),
  },

  /** The error of a full disk is thrown where nobody catches it. */
  'full-disk-thrown': {
    shownBy: { kind: 'disk', roles: ['mix', 'gateway'] },
    node: footing => ({
      ...footing,
      store: onRefusal(footing.store, thrown),
      files: {
        ...footing.files,
        journal: async (...args) => {
          const journal = await footing.files.journal(...args)
          return { ...journal, append: records => journal.append(records).catch(thrown) }
        },
      },
    }),
  },
}

function thrown(error: unknown): never {
  setImmediate(() => {
    throw error
  })
  throw error
}
