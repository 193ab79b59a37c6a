// A topic of the bulletin, as payments use one, at a running client.

import { bytesOf, type RemoteClient } from '../../client/remote/index.ts'
import type { Topic } from '../../payment/rounds/index.ts'
import { second } from '../../world/units.ts'

const waitMs = 10 * second

export function topicAt(client: RemoteClient, name: 'payments' | 'heads'): Topic {
  return {
    name,
    publish: (bytes, { signal } = {}) => client.publish(name, bytes, { signal }),
    async *entries({ after = -1, signal } = {}) {
      for (let next = after; !signal?.aborted; ) {
        const page = await client.entries(name, { after: next, waitMs, signal })
        for (const entry of page.entries) yield { ...entry, bytes: bytesOf(entry) }
        next = page.next
      }
    },
  }
}
