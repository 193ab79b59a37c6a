// What a run of published vectors reports, and how the runners read their files.

import { readFileSync } from 'node:fs'
import { fromHex, hex } from '../../encoding/bytes.ts'

export interface Check {
  /** Which vector, and what of it. */
  readonly id: string
  readonly ok: boolean
  /** Why not; empty when ok. */
  readonly detail: string
}

/** Compares bytes with what a file says. */
export function same(id: string, have: Uint8Array, want: Uint8Array): Check {
  const at = have.findIndex((byte, i) => byte !== want[i])
  if (at === -1 && have.length === want.length) return { id, ok: true, detail: '' }
  if (have.length !== want.length) return failed(id, `want ${want.length} bytes, have ${have.length}`)
  return failed(
    id,
    `differs from byte ${at} on: want ${hex(want.subarray(at, at + 8))}, have ${hex(have.subarray(at, at + 8))}`,
  )
}

/** Checks that something which was spoilt is not accepted. What throws is for the caller to judge. */
export function refused(id: string, accepts: () => boolean): Check {
  return accepts() ? failed(id, 'is accepted') : { id, ok: true, detail: '' }
}

export function failed(id: string, detail: string): Check {
  return { id, ok: false, detail }
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** @throws Error when it is no text of whole hexadecimal bytes */
export function bytesOf(text: unknown, field: string): Uint8Array {
  if (typeof text !== 'string' || !/^([0-9a-f]{2})*$/i.test(text))
    throw new Error(`${field}: no hexadecimal text`)
  return fromHex(text)
}
