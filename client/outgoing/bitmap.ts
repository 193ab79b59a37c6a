// Which fragments of a message: bit i % 8 of byte i >> 3 is fragment i.

export function emptyBitmap(count: number): Uint8Array {
  return new Uint8Array(Math.ceil(count / 8))
}

export function hasBit(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >> 3] as number) >> (index % 8)) & 1) === 1
}

export function setBit(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index % 8))
}

export function countBits(bitmap: Uint8Array): number {
  let sum = 0
  for (const byte of bitmap) for (let rest = byte; rest !== 0; rest &= rest - 1) sum++
  return sum
}
