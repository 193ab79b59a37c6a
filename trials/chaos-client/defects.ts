// Planted defects of `npm run chaos -- client`: what a client or its gateway is handed to stand on, with one promise
// not kept.

import { identitySchema } from '../../client/folder/identity.ts'
import { putRecord, readRecord } from '../../client/folder/schema.ts'
import type { Clock } from '../../world/clock.ts'
import type { Store } from '../../world/store.ts'
import type { Plant } from './processes.ts'

const lateMs = 1500
const uncounted = new TextEncoder().encode('{"version":2,"commits":0}')

export const defects: Readonly<Record<string, Plant>> = {
  /** A message is accepted before it is on disk. */
  'queue-not-written': { client: parts => ({ ...parts, store: without(parts.store, 'out/') }) },

  /** A restart forgets what was read, and it comes again. */
  'seen-not-written': { client: parts => ({ ...parts, store: without(parts.store, 'seen/') }) },

  /** A page of the mailbox is deleted at the gateway before what it held is on disk. */
  'inbox-written-late': { client: parts => ({ ...parts, store: late(parts.store, parts.clock) }) },

  /** Secrets that open replies are in memory only. */
  'reply-secrets-not-written': {
    client: parts => ({ ...parts, store: without(parts.store, 'secret/') }),
    anonymous: true,
  },

  /** The fate of a message is in memory only. */
  'states-not-written': { client: parts => ({ ...parts, store: firstOnly(parts.store, 'out/') }) },

  /** A fragment that is not the last of its message is not on disk. */
  'fragments-not-written': { client: parts => ({ ...parts, store: without(parts.store, 'part/') }) },

  /** The keys are in memory only. */
  'identity-not-written': { client: parts => ({ ...parts, store: without(parts.store, 'identity') }) },

  /** Whoever asks is told that a message has come. */
  'strangers-told': { options: { acknowledge: 'everyone' } },

  /** A clock that jumps is believed: nobody counts the time that has gone by. */
  'jumps-believed': { client: parts => ({ ...parts, clock: believing(parts.clock) }) },

  /** A client writes, and it is not yet on the disk itself. */
  'client-not-synced': {
    disk: disk => ({ ...disk, open: async () => unsynced(await disk.open()) }),
  },

  /** And what a gateway has. */
  'mail-not-synced': { gateway: parts => ({ ...parts, store: unsynced(parts.store) }) },

  /** Nobody notices writes that a store has lost. */
  'losses-unnoticed': {
    disk: disk => ({
      ...disk,
      open: async () => gapless(await disk.open()),
      read: name => (name === 'json' ? disk.read(name) && uncounted : disk.read(name)),
    }),
  },

  /** The keys lie nowhere but in the store. */
  'identity-not-apart': {
    disk: disk => ({
      ...disk,
      read: name => (name === 'identity' ? undefined : disk.read(name)),
    }),
  },

  /** A client that moves to another gateway reads no mail at the ones before any more. */
  'old-homes-left': {
    moved: async (store, gateways) => {
      const found = await store.get('identity')
      if (found === undefined) return
      const record = readRecord('identity', found, identitySchema)
      await store.batch([putRecord('identity', { ...record, gateways: [...gateways] })])
    },
  },

  /** A gateway acknowledges mail that is not on disk. */
  'mail-not-written': { gateway: parts => ({ ...parts, store: late(parts.store, parts.clock) }) },
}

type Put = { readonly type: string; readonly key: string }

/** Writes nothing under a prefix. */
function without(store: Store, prefix: string): Store {
  const kept = ({ type, key }: Put): boolean => type !== 'put' || !key.startsWith(prefix)
  return changed(store, {
    put: async (...args: unknown[]) => {
      if (kept({ type: 'put', key: String(args[0]) })) await Reflect.apply(store.put, store, args)
    },
    batch: async (...args: unknown[]) => {
      const [operations, ...rest] = args as [Put[], ...unknown[]]
      await Reflect.apply(store.batch, store, [operations.filter(kept), ...rest])
    },
  })
}

/** Writes into the system's memory, and has nobody wait for the disk. */
function unsynced(store: Store): Store {
  return changed(store, {
    batch: async (...args: unknown[]) => void (await Reflect.apply(store.batch, store, args.slice(0, 1))),
  })
}

/** Numbers its commits as if none were missing. */
function gapless(store: Store): Store {
  return changed(store, {
    keys: (range: { readonly gt?: string } = {}) => ({
      all: async () => {
        const found = await store.keys(range).all()
        if (range.gt?.startsWith('~commit/') !== true) return found
        return found.map((_, i) => `~commit/${String(i).padStart(16, '0')}`)
      },
    }),
  })
}

/** Keeps records under a prefix as they were at first. */
function firstOnly(store: Store, prefix: string): Store {
  const isKept = async ({ type, key }: Put): Promise<boolean> =>
    type !== 'put' || !key.startsWith(prefix) || (await store.get(key)) === undefined
  return changed(store, {
    batch: async (...args: unknown[]) => {
      const [operations, ...rest] = args as [Put[], ...unknown[]]
      const kept = await Promise.all(operations.map(isKept))
      await Reflect.apply(store.batch, store, [operations.filter((_, i) => kept[i]), ...rest])
    },
  })
}

/** A clock by which as much time has gone by as it shows. */
function believing(clock: Clock): Clock {
  const first = clock.now() - clock.elapsed()
  return {
    now: () => clock.now(),
    elapsed: () => clock.now() - first,
    after: (ms, run) => clock.after(ms, run),
  }
}

/** Says at once that it has written, and writes later. */
function late(store: Store, clock: { after(ms: number, run: () => void): unknown }): Store {
  const write =
    (name: 'put' | 'batch' | 'del') =>
    async (...args: unknown[]): Promise<void> => {
      clock.after(lateMs, () => void Reflect.apply(store[name] as () => Promise<void>, store, args))
    }
  return changed(store, { put: write('put'), batch: write('batch'), del: write('del') })
}

function changed(store: Store, change: Readonly<Record<string, unknown>>): Store {
  return new Proxy(store, {
    get(_, name) {
      if (typeof name === 'string' && Object.hasOwn(change, name)) return change[name]
      const value = Reflect.get(store, name, store) as unknown
      return typeof value === 'function' ? (value.bind(store) as unknown) : value
    },
  })
}
