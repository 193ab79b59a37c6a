// A topic of the bulletin as an app sees it (docs/spec/client-sdk.md 13).

import { topicNamed } from '../../directory/topics.ts'
import { ClientError } from '../error.ts'
import type { Bulletin, BulletinEntry } from './bulletin.ts'

/**
 * A topic of the bulletin, to publish on and to read from (docs/spec/bulletin.md). Made by `client.bulletin`.
 */
export interface BulletinTopic {
  readonly name: string
  /** Bytes of the longest entry. */
  readonly maxBytes: number
  /**
   * Publishes an entry, 1 to `maxBytes` bytes, for everybody to read; nobody learns who wrote it. Resolves with its
   * id (hex, 64 digits) when the own gateway shows it. The same bytes make the same entry. It does not survive a
   * restart: publish again.
   *
   * @throws ClientError NO_TOPIC, BAD_ENTRY, TOO_LARGE, NO_CONSENSUS, QUEUE_FULL, NOT_PUBLISHED, ABORTED, CLOSED
   */
  publish(bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<string>
  /**
   * Every entry behind a cursor, once, as it comes; ends when the signal aborts or the client closes.
   *
   * @param options.after the `seq` of the last entry that the app has, also of an earlier start; default: all that
   * are
   *   kept
   */
  entries(options?: {
    readonly after?: number
    readonly signal?: AbortSignal
  }): AsyncGenerator<BulletinEntry, void, undefined>
  /**
   * Entries behind a cursor, oldest first.
   *
   * @param options.most default 100
   * @param options.until when there is none: wait for one until this aborts
   */
  list(options?: {
    readonly after?: number
    readonly most?: number
    readonly until?: AbortSignal
  }): Promise<BulletinEntry[]>
}

/** @throws ClientError NO_TOPIC */
export function bulletinTopic(bulletin: Bulletin, name: string): BulletinTopic {
  const topic = topicNamed(name)
  if (topic === undefined) throw new ClientError('NO_TOPIC', `bulletin: no topic ${JSON.stringify(name)}`)
  return {
    name,
    maxBytes: topic.maxBytes,
    publish: (bytes, { signal } = {}) => bulletin.publish(name, bytes, signal),
    entries: ({ after = -1, signal } = {}) => bulletin.entries(name, after, signal),
    async list({ after = -1, most = 100, until } = {}) {
      if (until !== undefined) await bulletin.wait(name, after, until)
      return await bulletin.list(name, after, most)
    },
  }
}
