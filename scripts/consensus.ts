// chaffinch consensus: fetches a consensus from the authorities and checks it as every node and client does.

import { verifyConsensus } from '../directory/document.ts'
import { DirectoryError } from '../directory/error.ts'
import { directoryProtocol, maxAnswerBytes, readAnswer, writeRequest } from '../directory/exchange.ts'
import { consensusToJson } from '../directory/json.ts'
import type { Network } from '../directory/network.ts'
import type { View } from '../directory/view.ts'
import { systemClock } from '../link/clock.ts'
import { startHost } from '../link/host.ts'
import { type Link, LinkError } from '../link/link.ts'
import { silent } from '../link/log.ts'
import { geometry } from '../sphinx/geometry.ts'
import { systemRandom } from '../sphinx/random.ts'
import { CommandError, readOptions, wholeNumber } from './command.ts'
import { readNetwork } from './config.ts'
import { hex } from './folder.ts'
import { columns } from './net-table.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const { values } = readOptions('consensus', args, {
    network: { type: 'string' },
    epoch: { type: 'string' },
    json: { type: 'boolean' },
  })
  const network = readNetwork(values.network ?? 'network.toml')
  const epoch = values.epoch === undefined ? null : wholeNumber('epoch', values.epoch, 0, 2 ** 31)
  const link = await openLink(network)
  try {
    const { bytes, view } = await fetchConsensus(network, link, epoch)
    if (values.json === true) console.log(JSON.stringify(consensusToJson(bytes)))
    else console.log(describe(network, view).join('\n'))
  } finally {
    await link.close()
  }
}

/** A host that asks and serves nothing. */
export function openLink(network: Network): Promise<Link> {
  return startHost({
    seed: undefined,
    listen: [],
    cellBytes: geometry(network).packetBytes,
    clock: systemClock,
    log: silent,
    random: systemRandom,
    admits: () => false,
    role: 'client',
  })
}

/**
 * A document that some authority has and that verifies.
 *
 * @param epoch null for the newest
 * @throws CommandError FAILED with what each authority said
 */
export async function fetchConsensus(
  network: Network,
  link: Link,
  epoch: number | null,
): Promise<{ bytes: Uint8Array; view: View }> {
  const request = writeRequest({ ask: 'document', epoch })
  const failures: string[] = []
  for (const authority of network.authorities) {
    const name = hex(authority.id).slice(0, 8)
    try {
      const options = { timeoutMs: 5000, maxBytes: maxAnswerBytes }
      const bytes = readAnswer(await link.request(authority, directoryProtocol, request, options))
      return { bytes, view: verifyConsensus(network, bytes) }
    } catch (error) {
      if (!(error instanceof LinkError || error instanceof DirectoryError)) throw error
      failures.push(`authority ${name}: ${error.message} (${error.code})`)
    }
  }
  throw new CommandError(
    'FAILED',
    failures.join('; '),
    'are the authorities running, and is this their network file?',
  )
}

function describe(network: Network, view: View): string[] {
  const time = (ms: number): string => new Date(ms).toISOString()
  const nodes = [...view.nodes].map(([id, { role, layer, running, reliable, family }]) => [
    id.slice(0, 16),
    role,
    layer < 0 ? '-' : String(layer),
    running ? (reliable ? 'reliable' : 'running') : 'down',
    family || '-',
  ])
  return [
    `consensus of ${view.network}, epoch ${view.epoch}`,
    `hash    ${hex(view.hash)}`,
    `signed  by ${view.signers.length} of ${network.authorities.length} authorities, ${network.threshold} are enough`,
    `fresh   from ${time(view.validAfter)} to ${time(view.freshUntil)}, valid until ${time(view.validUntil)}`,
    '',
    ...columns(['node', 'role', 'layer', 'state', 'family'], nodes),
  ]
}
