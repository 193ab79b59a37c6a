// Bodies of HTTP requests that are text, and must be UTF-8 (RFC 8259, section 8.1): what is not is refused, not mended
// into something that nobody sent.

import { isUtf8 } from 'node:buffer'
import type { MiddlewareHandler } from 'hono'
import { readList, readMediaType } from './http-fields.ts'
import { problem } from './problem.ts'

/** Tells whether a `Content-Type` field says that a body is bytes and no text. */
export function isOctets(field: string | undefined): boolean {
  return readMediaType(field)?.type === 'application/octet-stream'
}

/** Says why a body is no text in UTF-8; undefined when it is one. */
export function notUtf8Body(contentType: string | undefined, body: Uint8Array): string | undefined {
  const charset = readMediaType(contentType)?.charset ?? 'utf-8'
  if (charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii')
    return `the body is in ${charset} by its content-type: want UTF-8`
  return isUtf8(body) ? undefined : `the body is not UTF-8 (byte ${validBytes(body)})`
}

/** Refuses bodies that are compressed, and those that are neither UTF-8 nor say that they are octets. */
export const utf8Body: MiddlewareHandler = async (context, next) => {
  const { req } = context
  const codings = readList(req.header('content-encoding')).filter(coding => coding !== 'identity')
  if (codings.length > 0)
    return problem(
      400,
      'BAD_REQUEST',
      `content-encoding: ${codings[0]} is not understood: send the body as it is`,
    )
  if (req.raw.body === null || isOctets(req.header('content-type'))) return next()
  const body = await req.arrayBuffer()
  const broken = notUtf8Body(req.header('content-type'), new Uint8Array(body))
  if (broken !== undefined) return problem(400, 'BAD_TEXT', broken)
  req.raw = new Request(req.raw, { body })
  return next()
}

/** Counts the bytes in front of the first that is wrong: in large steps, then in smaller ones. */
function validBytes(bytes: Uint8Array): number {
  let good = 0
  for (const step of [65_536, 256, 1]) {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    try {
      decoder.decode(bytes.subarray(0, good), { stream: true })
      for (; good < bytes.length; good += step)
        decoder.decode(bytes.subarray(good, good + step), { stream: true })
    } catch {}
  }
  return Math.min(good, bytes.length)
}
