// How far a client is on its way to being ready, as something to show (docs/spec/client-http.md 15.3), after Tor's
// bootstrap events.

import type { Directory } from '../directory/documents/view.ts'
import { wait } from '../world/wait.ts'
import { ClientError } from './error.ts'
import type { ClientStatus } from './status.ts'

export interface Bootstrap {
  /** Percent. */
  readonly progress: number
  readonly tag: 'consensus' | 'gateway' | 'ready'
  /** Says in a few words what it does now. */
  readonly summary: string
  /** Says what is odd about it. */
  readonly warning: string | null
  /** Says what a person could do. */
  readonly recommendation: string | null
}

/** After so long in one stage something is odd, milliseconds. */
const patienceMs = 15_000

/** @param inStageMs how long it has been in its stage */
export function bootstrapOf(
  { ready, consensus, gateway }: Pick<ClientStatus, 'ready' | 'consensus' | 'gateway'>,
  inStageMs: number,
): Bootstrap {
  const slow = inStageMs > patienceMs
  const say = (
    progress: number,
    tag: Bootstrap['tag'],
    summary: string,
    odd?: [string, string],
  ): Bootstrap => ({
    progress,
    tag,
    summary,
    warning: odd !== undefined && slow ? odd[0] : null,
    recommendation: odd !== undefined && slow ? odd[1] : null,
  })
  if (consensus === null)
    return say(10, 'consensus', "asking for the network's consensus", [
      'nobody has answered with a consensus that is valid now',
      "check the connection, this computer's clock, and the addresses in network.toml",
    ])
  if (!ready)
    return say(
      60,
      'gateway',
      `opening the mailbox at gateway ${gateway?.slice(0, 8) ?? '(none chosen yet)'}`,
      [
        'the gateway does not answer',
        'wait: another gateway of the address takes over; or name others in client.toml',
      ],
    )
  return say(100, 'ready', 'packets leave')
}

/**
 * Resolves with the first `true` that is told.
 *
 * @param on calls its argument whenever readiness changes, and gives how to stop
 * @param closed whether nothing will be told any more
 * @throws ClientError ABORTED with the signal, CLOSED
 */
export function untilReady(
  on: (tell: (ready: boolean) => void) => () => void,
  closed: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const aborted = (): ClientError => new ClientError('ABORTED', 'client: called off while it was not ready')
  return wait<void>({ signal, aborted }, ({ resolve, reject }) =>
    on(ready => {
      if (ready) resolve()
      else if (closed()) reject(new ClientError('CLOSED', 'client: closed'))
    }),
  )
}

/** Says why a client is not ready, as an error to show. */
export function whyNotReady(directory: Pick<Directory, 'current' | 'health'>): ClientError {
  if (directory.current() !== undefined)
    return new ClientError('NO_GATEWAY', 'client: no gateway answers yet: wait, or name other gateways')
  const { splits, troubles } = directory.health()
  const [split] = splits
  if (split !== undefined)
    return new ClientError(
      'NO_CONSENSUS',
      `client: two signed documents of epoch ${split.epoch}: neither is used; both were signed by ${split.signers.join(', ')}`,
    )
  const asked = troubles.map(({ id, code, why }) => `; ${id.slice(0, 8)}: ${why} (${code})`)
  return new ClientError(
    'NO_CONSENSUS',
    `client: no consensus yet: check this computer's clock and the addresses of the authorities${asked.join('')}`,
  )
}
