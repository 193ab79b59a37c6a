// The numbers that authorities vote on, as [parameters] of authority.toml names them.

import * as v from 'valibot'
import { type Parameters, parameterRanges } from '../../directory/index.ts'
import { durationForm, formatDuration, parseDuration } from '../../encoding/duration.ts'

type Unit = 'count' | 'milliseconds' | 'minutes'

export interface ParameterKey {
  readonly key: string
  readonly name: keyof Parameters
  readonly unit: Unit
  readonly says: string
}

export const parameterKeys: readonly ParameterKey[] = [
  { key: 'hop_delay', name: 'hopDelayMs', unit: 'milliseconds', says: 'Mean delay of a packet at one hop.' },
  {
    key: 'max_hop_delay',
    name: 'maxHopDelayMs',
    unit: 'milliseconds',
    says: 'A hop drops what asks for more.',
  },
  {
    key: 'payload_per_minute',
    name: 'payloadPerMinute',
    unit: 'count',
    says: "A client's clock for messages; a loop leaves when none waits.",
  },
  { key: 'loop_per_minute', name: 'loopPerMinute', unit: 'count', says: "A client's clock for loops." },
  { key: 'drop_per_minute', name: 'dropPerMinute', unit: 'count', says: "A client's clock for drops." },
  {
    key: 'read_per_minute',
    name: 'readPerMinute',
    unit: 'count',
    says: "A client's clock for reads of its mailbox.",
  },
  { key: 'page_entries', name: 'pageEntries', unit: 'count', says: 'Entries of one mailbox page.' },
  {
    key: 'node_loop_per_minute',
    name: 'nodeLoopPerMinute',
    unit: 'count',
    says: 'Loops of a mix or gateway.',
  },
  {
    key: 'mailbox_entries',
    name: 'mailboxEntries',
    unit: 'count',
    says: 'A mailbox holds at most so many entries,',
  },
  { key: 'mailbox_age', name: 'mailboxMinutes', unit: 'minutes', says: 'each for at most so long.' },
  { key: 'batch_packets', name: 'batchPackets', unit: 'count', says: 'Mixing in batches: packets of one.' },
  { key: 'batch_interval', name: 'batchMs', unit: 'milliseconds', says: 'Time from one batch to the next.' },
  { key: 'pool_packets', name: 'poolPackets', unit: 'count', says: 'A mixing pool keeps at least so many,' },
  {
    key: 'pool_percent',
    name: 'poolPercent',
    unit: 'count',
    says: 'and of what it holds at most this percentage leaves at once.',
  },
  {
    key: 'running_percent',
    name: 'runningPercent',
    unit: 'count',
    says: 'A node runs when at least this percentage of its loops comes back,',
  },
  {
    key: 'reliable_percent',
    name: 'reliablePercent',
    unit: 'count',
    says: 'and is reliable from this percentage on.',
  },
  {
    key: 'trim_percent',
    name: 'trimPercent',
    unit: 'count',
    says: "The percentage of reporters' values that is dropped at each end.",
  },
  {
    key: 'minimum_reporters',
    name: 'minimumReporters',
    unit: 'count',
    says: 'With fewer reporters a node stays what it was,',
  },
  { key: 'minimum_samples', name: 'minimumSamples', unit: 'count', says: 'and with fewer loops.' },
  {
    key: 'bulletin_page_bytes',
    name: 'bulletinPageBytes',
    unit: 'count',
    says: 'The bulletin: bytes of it on each mailbox page.',
  },
  { key: 'bulletin_age', name: 'bulletinMinutes', unit: 'minutes', says: 'Nodes keep an entry for so long,' },
  { key: 'bulletin_kib', name: 'bulletinKiB', unit: 'count', says: 'and of each topic at most so many KiB.' },
  {
    key: 'open_kib',
    name: 'openKiB',
    unit: 'count',
    says: 'KiB a minute of the topic that is open to everybody; 0: no such topic.',
  },
  {
    key: 'payments_kib',
    name: 'paymentsKiB',
    unit: 'count',
    says: 'The same for the messages of payment rounds,',
  },
  { key: 'heads_kib', name: 'headsKiB', unit: 'count', says: 'and for the heads of ledgers.' },
  {
    key: 'waiting_epochs',
    name: 'waitingEpochs',
    unit: 'count',
    says: 'Epochs that a new mix waits for its layer.',
  },
  {
    key: 'networks_apart',
    name: 'networksApart',
    unit: 'count',
    says: '1: no two nodes of one network (a /16 of IPv4) in a path. 0: networks do not matter.',
  },
  {
    key: 'nodes_per_network',
    name: 'nodesPerNetwork',
    unit: 'count',
    says: 'Nodes of one network in a document, at most; as per_network of [admission] where this is not set.',
  },
  {
    key: 'nodes_per_family',
    name: 'nodesPerFamily',
    unit: 'count',
    says: 'Nodes of one family in a document, at most. 10000: any number.',
  },
]

function valueSchema({ name, unit }: ParameterKey): v.GenericSchema<string | number, number> {
  const { min, max } = parameterRanges[name]
  if (unit === 'count') {
    const range = `want a whole number from ${min} to ${max}`
    return v.pipe(v.number(), v.integer(range), v.minValue(min, range), v.maxValue(max, range))
  }
  const size = unit === 'milliseconds' ? 1 : 60_000
  const range = `want a duration from "${formatDuration(min * size)}" to "${formatDuration(max * size)}"`
  return v.pipe(
    v.string(),
    v.check(text => parseDuration(text) !== undefined, `want ${durationForm}`),
    v.transform(text => Math.ceil((parseDuration(text) as number) / size)),
    v.minValue(min, range),
    v.maxValue(max, range),
  )
}

/** The table [parameters]: any of the keys, none of them necessary. */
export const parametersSchema: v.GenericSchema<unknown, Partial<Parameters>> = v.pipe(
  v.strictObject(
    Object.fromEntries(
      parameterKeys.map(parameter => [parameter.key, v.optional(valueSchema(parameter))] as const),
    ),
  ),
  v.transform(given =>
    Object.fromEntries(
      parameterKeys.filter(({ key }) => given[key] !== undefined).map(({ key, name }) => [name, given[key]]),
    ),
  ),
)

/** A parameter as one writes it in the file: a duration in quotes, or a number. */
export function parameterText(parameter: ParameterKey, parameters: Parameters): string {
  const value = parameters[parameter.name]
  if (parameter.unit === 'count') return String(value)
  return JSON.stringify(formatDuration(parameter.unit === 'milliseconds' ? value : value * 60_000))
}
