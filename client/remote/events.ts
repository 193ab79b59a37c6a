// The events of a daemon (docs/spec/client-http.md 15.3), read from its stream of server-sent events.

import * as v from 'valibot'
import type { ConsensusStatus } from '../../directory/documents/view.ts'
import * as gives from '../api/answers.ts'
import { consensus } from '../api/status.ts'
import type { Bootstrap } from '../bootstrap.ts'
import type { CoverLevel } from '../outgoing/cover.ts'
import { hostOf, noAnswer, type RemoteOptions, refusal, send } from './ask.ts'
import { RemoteError } from './error.ts'

/** Something that happens in a client, as its daemon tells it. */
export type RemoteEvent =
  /** Tells how far it is on its way to being ready: at once, then at each change. */
  | { readonly type: 'bootstrap'; readonly data: Bootstrap }
  /** To the owner alone, at once and then at each change. */
  | { readonly type: 'consensus'; readonly data: ConsensusStatus }
  | { readonly type: 'settings'; readonly data: { readonly cover: CoverLevel } }
  /** A message of ours has changed its state. */
  | { readonly type: 'state'; readonly data: gives.Handed }
  /** More fragments of a message of ours have arrived. */
  | { readonly type: 'progress'; readonly data: gives.Progress }
  /** A message has come. */
  | { readonly type: 'message'; readonly data: gives.MessageTold }
  /** An event of a part beside the client, such as payments; or of a newer daemon. */
  | { readonly type: 'other'; readonly name: string; readonly data: unknown }

const schemas: Readonly<Record<string, v.GenericSchema>> = {
  bootstrap: gives.bootstrap,
  consensus,
  settings: gives.settings,
  state: gives.handed,
  progress: gives.handedProgress,
  message: gives.messageEvent,
}

/** Characters of an event that has not ended; the daemon's are far shorter. */
const longestEvent = 1 << 20

/**
 * Tells every event until the signal aborts. When the daemon ends the stream it ends too: ask again.
 *
 * @throws RemoteError
 */
export async function* readEvents(
  options: RemoteOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<RemoteEvent, void, undefined> {
  const token = typeof options.token === 'string' ? options.token : options.token()
  const ending = new AbortController()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const end = (): void => {
    ending.abort()
    reader?.cancel().catch(() => {})
  }
  signal?.addEventListener('abort', end, { once: true })
  try {
    if (signal?.aborted) return
    const response = await send(options, '/events', { method: 'GET', token, signal: ending.signal })
    if (!response.ok || response.body === null) throw refusal(response, await response.text())
    reader = response.body.getReader()
    yield* eventsFrom(reader)
  } catch (error) {
    if (signal?.aborted) return
    throw error instanceof RemoteError ? error : noAnswer(hostOf(options), error, signal)
  } finally {
    signal?.removeEventListener('abort', end)
    end()
  }
}

async function* eventsFrom(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<RemoteEvent, void, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += decoder.decode(value, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const told = eventOf(event)
      if (told !== undefined) yield told
    }
    if (text.length > longestEvent)
      throw new RemoteError(
        'BAD_ANSWER',
        200,
        `GET /events: an event of more than ${longestEvent} characters`,
      )
  }
}

/** Undefined for a sign of life. */
function eventOf(text: string): RemoteEvent | undefined {
  const lines = text.split('\n')
  const name = lines.find(line => line.startsWith('event: '))?.slice('event: '.length)
  const data = lines.filter(line => line.startsWith('data: ')).map(line => line.slice('data: '.length))
  if (name === undefined) return undefined
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
  try {
    const said: unknown = JSON.parse(data.join('\n'))
    if (schema === undefined) return { type: 'other', name, data: said }
    return { type: name, data: v.parse(schema, said) } as RemoteEvent
  } catch (cause) {
    throw new RemoteError('BAD_ANSWER', 200, `GET /events: ${name}: the event is not as described`, { cause })
  }
}
