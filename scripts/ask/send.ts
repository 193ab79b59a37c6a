// chaffinch send: hands a message or a reply to a running client.

import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { adviceFor, mostCopies, type Way } from '../../client/index.ts'
import type { Handed, RemoteClient } from '../../client/remote/index.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import { diskError, runningClient } from '../../roles/files/index.ts'
import { minute, second } from '../../world/units.ts'
import { contactOrAddress } from '../files/contacts.ts'
import { contentGiven } from '../terminal/input.ts'
import { orInterrupted } from '../terminal/interrupt.ts'
import { progressOf } from '../terminal/progress.ts'

const pollMs = 200

/** Each state and those behind it. */
const reached: Readonly<Record<string, readonly string[]>> = {
  sent: ['sent', 'stored', 'received', 'read'],
  stored: ['stored', 'received', 'read'],
  received: ['received', 'read'],
  read: ['read'],
}

export interface SendOptions extends WayOptions {
  readonly config?: string
  readonly as?: string
  readonly to?: string
  readonly reply?: string
  readonly replies: boolean
  readonly from?: true
  readonly wait?: string
  readonly app?: string
  readonly file?: string
  readonly patience?: string
  readonly timeout?: string
  readonly json?: true
}

export async function run(text: string | undefined, values: SendOptions): Promise<undefined> {
  const { to, reply, wait } = values
  if ((to === undefined) === (reply === undefined)) {
    throw new CommandError('USAGE', 'send: want either --to or --reply', 'chaffinch send --help')
  }
  if (wait !== undefined && !Object.hasOwn(reached, wait)) {
    throw new CommandError('USAGE', `--wait ${wait}: want sent, stored, received or read`)
  }
  const timeoutMs = values.timeout === undefined ? undefined : durationOption('timeout', values.timeout)
  const deadlineMs = values.patience === undefined ? undefined : durationOption('patience', values.patience)
  const client = runningClient(values.config, values.as)
  if (text !== undefined && values.file !== undefined)
    throw new CommandError('USAGE', 'send: want a text or --file, not both', 'chaffinch send --help')
  const bytes = await contentOf(text, values.file)
  const { replies } = values
  const way = wayOf(values)
  if (way !== undefined && to === undefined)
    throw new CommandError(
      'USAGE',
      'send: a reply travels the way that the asker laid out: leave out --path and filters',
    )
  const handed =
    to === undefined
      ? await client.reply(await messageId(client, reply as string), bytes, { deadlineMs })
      : await client.send(await contactOrAddress(client, values.config, to), bytes, {
          replies,
          receipt: wait === 'read',
          from: values.from,
          received: wait === 'received' || wait === 'read' ? true : undefined,
          way,
          app: values.app,
          deadlineMs,
        })
  const last =
    wait === undefined
      ? handed
      : await reachState(client, handed, wait, {
          bytes: bytes.length,
          timeoutMs: timeoutMs ?? usualWait(bytes.length),
        })
  console.log(values.json === true ? JSON.stringify(last) : last.id)
}

/** Reads what is sent: the argument, a file, or standard input. @throws CommandError FAILED */
async function contentOf(text: string | undefined, file: string | undefined): Promise<Uint8Array> {
  if (file === undefined) return await contentGiven('send', text)
  try {
    return new Uint8Array(readFileSync(file))
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${diskError(error)}`)
  }
}

interface WayOptions {
  readonly path?: string
  readonly avoid?: string[]
  readonly minReliability?: string
  readonly maxLatency?: string
  readonly copies?: string
}

/** Undefined when nothing is asked of the way. */
function wayOf(values: WayOptions): Way | undefined {
  const { path, avoid: blocked, copies, minReliability: percent, maxLatency: latency } = values
  if ([path, blocked, copies, percent, latency].every(value => value === undefined)) return undefined
  return {
    ...(path === undefined ? {} : { path }),
    ...(blocked === undefined ? {} : { blocked }),
    ...(percent === undefined
      ? {}
      : { minReliability: wholeNumber('min-reliability', percent, 0, 100) / 100 }),
    ...(latency === undefined ? {} : { maxLatencyMs: durationOption('max-latency', latency) }),
    ...(copies === undefined ? {} : { copies: wholeNumber('copies', copies, 1, mostCopies) }),
  }
}

/** The id behind what the inbox shows in front of a message: its number, or the id itself. */
export async function messageId(client: RemoteClient, named: string): Promise<string> {
  if (!/^\d{1,15}$/.test(named)) return named
  const found = (await client.listInbox()).find(({ seq }) => seq === Number(named))
  if (found === undefined) {
    throw new CommandError('FAILED', `no message ${named} is kept here`, 'chaffinch inbox shows the numbers')
  }
  return found.id
}

/** A minute, and as long again as a slow network takes for each 10 kB. */
function usualWait(bytes: number): number {
  return minute + Math.ceil(bytes / 10_000) * second
}

/** Waits for a state; in a terminal a bar shows how much has arrived. */
async function reachState(
  client: RemoteClient,
  handed: Handed,
  state: string,
  { bytes, timeoutMs }: { readonly bytes: number; readonly timeoutMs: number },
): Promise<Handed> {
  const deadline = Date.now() + timeoutMs
  const progress = progressOf(bytes, process.stderr, Date.now)
  const goesOn = `message ${handed.id} is on its way all the same: chaffinch queue shows it`
  try {
    return await orInterrupted(
      () => goesOn,
      async () => {
        for (;;) {
          const now = await client.message(handed.id)
          progress.show(now.arrived / now.fragments)
          if (reached[state]?.includes(now.state)) return now
          if (now.state === 'failed') {
            const why = now.reason ?? 'no reason given'
            throw new CommandError('FAILED', `message ${handed.id}: failed (${why})`, adviceFor(why))
          }
          if (Date.now() >= deadline) {
            const hint = 'it is on its way all the same; --timeout waits longer'
            throw new CommandError('FAILED', `message ${handed.id}: still ${now.state}`, hint)
          }
          await pause(pollMs)
        }
      },
    )
  } finally {
    progress.end()
  }
}
