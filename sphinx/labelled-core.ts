// Digests of the same labels under ever new keys by a WebAssembly core (core/, compiled into core-bytes.ts): one call
// for all, in which the block that holds the key is compressed once and not once a label.

import { fromBase64 } from '../encoding/base64.ts'
import { coreBytes } from './core-bytes.ts'
import type { Crypto } from './crypto.ts'
import { reach } from './labelled.ts'

/** Names everything that core/index.ts exports. */
interface Core {
  readonly memory: { readonly buffer: ArrayBuffer }
  start(): number
  end(): number
  key(): number
  hash(list: number, count: number): void
}

/** BLAKE2b's: a label has one to itself. */
const blockBytes = 128
/** Bytes of an entry of the list that the core reads. */
const entryBytes = 12

/** Node has it; its types do not. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly?: {
    readonly Module: new (bytes: Uint8Array) => object
    readonly Instance: new (compiled: object, imports: object) => { readonly exports: unknown }
  }
}

/** Opens the core. Undefined where there is no WebAssembly, or none for its SIMD instructions (old processors). */
export function labelledCore(): Crypto['labelledDigests'] | undefined {
  const core = opened()
  if (core === undefined) return undefined
  const { buffer } = core.memory
  const key = new Uint8Array(buffer, core.key(), 32)
  let free = core.start()
  const place = (bytes: number): number => {
    const at = free
    free += (bytes + 15) & ~15
    if (free > core.end()) throw new RangeError(`labels: no room for ${bytes} bytes more`)
    return at
  }
  return labels => {
    const list = place(entryBytes * labels.length)
    const digests = new Uint8Array(buffer, place(reach(labels)), reach(labels))
    for (const [i, { label, at }] of labels.entries()) {
      // one of no bytes would end in the block of the key
      if (!(label.length >= 1 && label.length <= blockBytes))
        throw new RangeError(`label: want 1 to ${blockBytes} bytes, have ${label.length}`)
      const block = place(blockBytes)
      new Uint8Array(buffer, block, blockBytes).set(label)
      new Uint32Array(buffer, list + entryBytes * i).set([block, label.length, digests.byteOffset + at])
    }
    return (secret, out) => {
      if (secret.length !== 32) throw new RangeError(`blake2b key: want 32 bytes, have ${secret.length}`)
      key.set(secret)
      core.hash(list, labels.length)
      out.set(digests)
      digests.fill(0)
    }
  }
}

function opened(): Core | undefined {
  if (WebAssembly === undefined) return undefined
  try {
    const compiled = new WebAssembly.Module(fromBase64(coreBytes))
    return new WebAssembly.Instance(compiled, {}).exports as Core
  } catch {
    return undefined
  }
}
