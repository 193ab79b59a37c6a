// The ledger that a person's payments are pinned to: followed over the mixnet, and watched.
// docs/spec/payments-ledger.md 3.6, 3.7.

import type { Client } from '../../client/index.ts'
import type { Names } from '../../encoding/unknown-option.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { minute } from '../../world/units.ts'
import { FollowedLedger } from '../ledger/followed.ts'
import { answerProof, HeadWatch } from '../ledger/heads.ts'
import type { Genesis } from '../ledger/ledger.ts'
import { ledgerService } from '../ledger/service.ts'
import type { PaymentTimes } from '../times.ts'

/** Names the ledger that a wallet is of. Whoever controls these two controls what its owner believes of the ledger. */
export interface PinnedLedger {
  readonly genesis: Genesis
  /** It answers at this address of the mixnet. */
  readonly address: string
  /** Mirrors of its log answer at these. Whoever is asked proves what it says. */
  readonly mirrors?: readonly string[]
}

export const ledgerNames: Names<PinnedLedger> = { genesis: true, address: true, mirrors: true }

/** The ledger, and whoever gives a receipt, has so long to answer, milliseconds. */
export const patienceMs: number = 2 * minute

interface FollowInit {
  readonly client: Pick<Client, 'request'>
  readonly ledger: PinnedLedger
  readonly store: Store
  readonly publicLog: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly times: PaymentTimes
}

/** A ledger that is followed, and the watch over what it shows. */
export interface Followed {
  readonly followed: FollowedLedger
  readonly watch: HeadWatch
}

/** Follows the ledger's log, from it and its mirrors, and watches over what it shows to others. */
export async function follow(
  { client, ledger: pinned, store, publicLog, clock, random, log, times }: FollowInit,
  {
    tell,
    onAlarm,
  }: { readonly tell: (head: Uint8Array) => void; readonly onAlarm: (isProven: boolean) => void },
): Promise<Followed> {
  const { genesis, address, mirrors = [] } = pinned
  const at =
    (to: string) =>
    (question: Uint8Array): Promise<Uint8Array> =>
      client.request(to, ledgerService, question, { deadlineMs: patienceMs })
  let followed: FollowedLedger | undefined
  const watch = await HeadWatch.open({
    genesis,
    store,
    // Who has the log needs no proof of anybody
    ask: async question => answerProof(followed as FollowedLedger, question) ?? new Uint8Array(0),
    tell,
    clock,
    onAlarm: ({ isProven }) => onAlarm(isProven),
  })
  followed = await FollowedLedger.open({
    genesis,
    store: publicLog,
    ledger: at(address),
    mirrors: mirrors.map(at),
    clock,
    random,
    log,
    everyMs: times.followMs,
    onHead: head => watch.seen(head),
    onInvalid: error => {
      log.error({ code: error.code }, 'payment: the ledger has signed a log that does not hold')
      onAlarm(true)
    },
  })
  return { followed, watch }
}
