// AEZ v5 (Hoang, Krovetz, Rogaway, 21 March 2017) as an enciphering scheme: no authentication block, blocks of 32
// bytes and more (AEZ-core; AEZ-tiny is left out). Slow and with table lookups: for published test vectors only.

type Block = Uint8Array

const zero: Block = new Uint8Array(16)

/** Enciphers `data` (32 bytes and more) under a 48-byte key, tweaked by a nonce. */
export function aezEncrypt(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): Uint8Array {
  const e = tweakable(key)
  return core(e, hash(e, nonce), data, 0)
}

/** The inverse of `aezEncrypt`. */
export function aezDecrypt(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): Uint8Array {
  const e = tweakable(key)
  return core(e, hash(e, nonce), data, 1)
}

/** E_K^{j,i}: a block cipher with a tweak. j = -1 is ten AES rounds, the others are four. */
type Tweakable = (j: number, i: number, block: Block) => Block

function tweakable(key: Uint8Array): Tweakable {
  if (key.length !== 48) throw new RangeError(`aez: key: want 48 bytes, have ${key.length}`)
  const [I, J, L] = [key.subarray(0, 16), key.subarray(16, 32), key.subarray(32)]
  const ten = [I, J, L, I, J, L, I, J, L, I]
  const four = [J, I, L, zero]
  return (j, i, block) => {
    if (j === -1) return rounds(xor(block, multiply(i, L)), ten)
    let doubled: Block = I
    for (let n = Math.ceil(i / 8); n > 0; n--) doubled = double(doubled)
    return rounds(xor(block, multiply(j, J), doubled, multiply(i % 8, L)), four)
  }
}

/** AEZ-hash of the tweak (tau = 0, nonce), without associated data. */
function hash(e: Tweakable, nonce: Uint8Array): Block {
  let sum = e(3, 1, zero)
  let at = 0
  for (let i = 1; at + 16 <= nonce.length; i++, at += 16) sum = xor(sum, e(4, i, nonce.subarray(at, at + 16)))
  if (at < nonce.length || nonce.length === 0) sum = xor(sum, e(4, 0, padded(nonce.subarray(at))))
  return sum
}

/** AEZ-core; d is 0 to encipher and 1 to decipher. */
function core(e: Tweakable, delta: Block, data: Uint8Array, d: 0 | 1): Uint8Array {
  if (data.length < 32) throw new RangeError(`aez: want 32 bytes and more, have ${data.length}`)
  const out = new Uint8Array(data.length)
  const block = (at: number): Block => data.subarray(at, at + 16)
  const lastAt = data.length - 32
  const fragmentAt = lastAt - (lastAt % 32)
  const fragments = [data.subarray(fragmentAt, Math.min(fragmentAt + 16, lastAt))]
  if (lastAt - fragmentAt >= 16) fragments.push(data.subarray(fragmentAt + 16, lastAt))
  if (fragmentAt === lastAt) fragments.pop()

  // first pass: the pairs' left halves, and X
  const pairs: { w: Block; x: Block }[] = []
  let x: Block = zero
  for (let at = 0, i = 1; at < fragmentAt; at += 32, i++) {
    const w = xor(block(at), e(1, i, block(at + 16)))
    const pair = { w, x: xor(block(at + 16), e(0, 0, w)) }
    pairs.push(pair)
    x = xor(x, pair.x)
  }
  for (const [k, fragment] of fragments.entries()) x = xor(x, e(0, 4 + k, padded(fragment)))

  const sx = xor(block(lastAt), delta, x, e(0, 1 + d, block(lastAt + 16)))
  const sy = xor(block(lastAt + 16), e(-1, 1 + d, sx))
  const s = xor(sx, sy)

  // second pass: the output, and Y
  let y: Block = zero
  for (const [n, pair] of pairs.entries()) {
    const mask = e(2, n + 1, s)
    const [yi, zi] = [xor(pair.w, mask), xor(pair.x, mask)]
    const right = xor(yi, e(0, 0, zi))
    out.set(xor(zi, e(1, n + 1, right)), n * 32)
    out.set(right, n * 32 + 16)
    y = xor(y, yi)
  }
  for (const [k, fragment] of fragments.entries()) {
    const enciphered = xor(fragment, e(-1, 4 + k, s)).subarray(0, fragment.length)
    out.set(enciphered, fragmentAt + 16 * k)
    y = xor(y, e(0, 4 + k, padded(enciphered)))
  }
  const cy = xor(sx, e(-1, 2 - d, sy))
  out.set(xor(sy, delta, y, e(0, 2 - d, cy)), lastAt)
  out.set(cy, lastAt + 16)
  return out
}

/** Up to 16 bytes, and where there is room a one bit, then zeros. */
function padded(bytes: Uint8Array): Block {
  const out = new Uint8Array(16)
  out.set(bytes)
  if (bytes.length < 16) out[bytes.length] = 0x80
  return out
}

/** Blocks, or shorter strings that are taken as ending in zeros. */
function xor(...blocks: Uint8Array[]): Block {
  const out = new Uint8Array(16)
  for (const block of blocks) for (let i = 0; i < 16; i++) out[i] = (out[i] as number) ^ (block[i] ?? 0)
  return out
}

/** Times x in GF(2^128), modulo x^128 + x^7 + x^2 + x + 1, first byte most significant. */
function double(block: Block): Block {
  const out = new Uint8Array(16)
  for (let i = 0; i < 16; i++) out[i] = ((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7)
  if ((block[0] as number) >> 7 === 1) out[15] = (out[15] as number) ^ 0x87
  return out
}

function multiply(factor: number, block: Block): Block {
  let [product, power]: [Block, Block] = [zero, block]
  for (let n = factor; n > 0; n >>= 1, power = double(power)) if (n & 1) product = xor(product, power)
  return product
}

/** AES rounds (FIPS 197), each of all four steps, without a key before the first. */
function rounds(block: Block, keys: readonly Block[]): Block {
  let state = block
  for (const key of keys) {
    const next = new Uint8Array(16)
    for (let column = 0; column < 4; column++) {
      const s = [0, 1, 2, 3].map(row => sbox[state[((column + row) % 4) * 4 + row] as number] as number)
      for (let row = 0; row < 4; row++) {
        const [a, b, c, e] = [0, 1, 2, 3].map(k => s[(row + k) % 4] as number) as [
          number,
          number,
          number,
          number,
        ]
        next[column * 4 + row] = times2(a) ^ times2(b) ^ b ^ c ^ e
      }
    }
    state = xor(next, key)
  }
  return state
}

function times2(byte: number): number {
  return ((byte << 1) ^ (byte >> 7 === 1 ? 0x1b : 0)) & 0xff
}

const sbox: Uint8Array = makeSbox()

/** FIPS 197, 5.1.1: the inverse in GF(2^8), then an affine map. */
function makeSbox(): Uint8Array {
  const box = new Uint8Array(256)
  // p runs through the powers of the generator 3 and q through those of its inverse, so p * q is always 1
  for (let p = 1, q = 1, n = 0; n < 255; n++) {
    const spread = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4)
    box[p] = spread ^ 0x63
    p ^= times2(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q = (q ^ (q & 0x80 ? 0x09 : 0)) & 0xff
  }
  box[0] = 0x63
  return box
}

function rotate(byte: number, by: number): number {
  return ((byte << by) | (byte >> (8 - by))) & 0xff
}
