// A gateway's mail: the mailboxes on its disk, and what serves them to its clients (docs/spec/gateway.md).

import type { Parameters } from '../../directory/documents/view.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import type { Announcements } from '../announcements.ts'
import type { Bulletin } from '../bulletin/bulletin.ts'
import type { Disk } from '../disk.ts'
import type { NodeLimits } from '../limits.ts'
import { type Gateway, gateway } from './gateway.ts'
import { type Mailboxes, openMailboxes } from './mailbox.ts'

/** @throws NodeError NEWER_FORMAT, FOLDER */
export async function openMail(options: {
  /** 32 bytes: the gateway's. */
  readonly id: Uint8Array
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly limits: NodeLimits
  readonly parameters: () => Parameters
  readonly board: Bulletin['page']
  readonly disk: Disk
  readonly announce: Announcements['announce']
  /** The geometry's. */
  readonly payloadBytes: number
}): Promise<{ boxes: Mailboxes; gateway: Gateway }> {
  const { id, store, clock, random, limits, parameters, board, disk, announce, payloadBytes } = options
  const now = (): number => clock.now()
  const { mailboxEntries, mailboxMinutes } = parameters()
  const boxes = await openMailboxes({
    store,
    now,
    payloadBytes,
    limits: {
      entries: mailboxEntries,
      minutes: mailboxMinutes,
      boxes: limits.mailboxes,
      bytes: limits.mailboxBytes,
      waiting: limits.mailWaiting,
    },
    wrote: error => disk.wrote('mail', error),
  })
  const { clients } = limits
  return {
    boxes,
    gateway: gateway({
      id,
      mailboxes: boxes,
      parameters,
      board,
      announce,
      payloadBytes,
      clients,
      now,
      random,
    }),
  }
}
