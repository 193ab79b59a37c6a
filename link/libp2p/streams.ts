// Writing more than a stream takes at once, and ending a stream without leaving half of it behind.

import type { MessageStreamEvents, Stream } from '@libp2p/interface'
import type { Clock } from '../../world/clock.ts'
import { wait } from '../../world/wait.ts'
import { LinkError } from '../link.ts'

/** Holds what a stream's `message` event brings. */
export type Data = MessageStreamEvents['message']['data']

/** Gives the pieces of what has come, in order. */
export function chunksOf(data: Data): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data
}

/** Bytes of a Noise message that are left beside a Yamux header: what one write hands over. */
export const writeBytes: number = 65_519 - 12

/** Why a stream or a connection was ended; libp2p wants an error for it. */
export function because(reason: string): LinkError {
  return new LinkError('ABORTED', reason)
}

/**
 * Hands `bytes` over piece by piece, each when the stream has room.
 *
 * @throws LinkError UNREACHABLE when the stream ends before that
 */
export async function writeAll(stream: Stream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += writeBytes) {
    if (!send(stream, bytes.subarray(at, at + writeBytes))) await drained(stream)
  }
}

function send(stream: Stream, piece: Uint8Array): boolean {
  try {
    return stream.send(piece)
  } catch {
    throw new LinkError('UNREACHABLE', 'the stream has ended')
  }
}

/** Calls `run` each time the stream has room again. Not stream.onDrain(): its promise works once. */
export function onDrained(stream: Stream, run: () => void): () => void {
  const listener = (): void => {
    // libp2p first sends what it holds, on a microtask that it has queued before this one.
    queueMicrotask(() => {
      if (!stream.writableNeedsDrain) run()
    })
  }
  stream.addEventListener('drain', listener)
  return () => stream.removeEventListener('drain', listener)
}

function drained(stream: Stream): Promise<void> {
  return wait<void>({}, ({ resolve, reject }) => {
    const onClose = (): void => reject(new LinkError('UNREACHABLE', 'the stream has ended'))
    const stopDrained = onDrained(stream, () => resolve())
    stream.addEventListener('close', onClose)
    if (stream.status !== 'open') onClose()
    return () => {
      stopDrained()
      stream.removeEventListener('close', onClose)
    }
  })
}

/** Ends our half; the stream is reset when the other side has not taken what is left and ended its own in time. */
export function finish(stream: Stream, clock: Clock, ms: number): void {
  if (stream.status !== 'open') return
  const late = clock.after(ms, () => stream.abort(because('the other side does not end')))
  stream.addEventListener('close', () => late.cancel())
  stream.close().catch((error: unknown) => stream.abort(error as Error))
}
