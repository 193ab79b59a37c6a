// Dice for simulations, where nothing is to be kept secret and a hundred million numbers are wanted: xoshiro128++ of
// D. Blackman and S. Vigna ("Scrambled Linear Pseudorandom Number Generators", 2021). Every entity has a stream of its
// own, so that what one draws does not depend on who else draws, nor on how many workers share the work.

/** Mixes 32 bits (the finaliser of MurmurHash3 by A. Appleby). */
export function mixed(word: number): number {
  let h = word | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Draws numbers from one stream. */
export class Dice {
  #a: number
  #b: number
  #c: number
  #d: number

  /** @param seed the stream's name, whole numbers from the largest group to the smallest: run, layer, user */
  constructor(...seed: readonly number[]) {
    let h = 0x9e3779b9 | 0
    const next = (word: number): number => {
      h = mixed((Math.imul(h, 31) + word + 0x9e3779b9) | 0)
      return h
    }
    for (const each of seed) {
      next(each | 0)
      next(Math.floor(each / 2 ** 32) | 0)
    }
    this.#a = next(1)
    this.#b = next(2)
    this.#c = next(3)
    // four zeros would give zeros for ever
    this.#d = next(4) | 1
  }

  /** Draws 32 bits, as a signed whole number. */
  bits(): number {
    const a = this.#a
    const b = this.#b
    let c = this.#c
    let d = this.#d
    const sum = (a + d) | 0
    const out = (((sum << 7) | (sum >>> 25)) + a) | 0
    c ^= a
    d ^= b
    this.#b = b ^ c
    this.#a = a ^ d
    this.#c = c ^ (b << 9)
    this.#d = (d << 11) | (d >>> 21)
    return out
  }

  /** Draws a number in [0, 1) with 53 random bits. */
  fraction(): number {
    const high = this.bits() >>> 5
    return (high * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53
  }

  /** Draws a whole number below `bound`, 1 to 2^31; uneven by 2^-32 * bound at most. */
  below(bound: number): number {
    return Math.floor(((this.bits() >>> 0) / 2 ** 32) * bound)
  }

  /** Draws a waiting time of the exponential distribution with this mean, in the mean's unit. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.fraction())
  }

  /** Draws how many events of a Poisson process come while `mean` are expected. */
  poisson(mean: number): number {
    let count = 0
    let left = mean
    // a product of uniforms runs out of digits above some 700
    for (; left > 500; left -= 500) count += this.#poissonBelow500(500)
    return count + this.#poissonBelow500(left)
  }

  #poissonBelow500(mean: number): number {
    const least = Math.exp(-mean)
    let count = 0
    for (let product = this.fraction(); product > least; product *= this.fraction()) count++
    return count
  }

  /** Draws how many of `n` that each happen with probability `p` happen. */
  binomial(n: number, p: number): number {
    let count = 0
    for (let i = 0; i < n; i++) if (this.fraction() < p) count++
    return count
  }

  /** Draws a place of a list by its cumulated shares: rising, the last one 1. */
  place(cumulated: Float64Array): number {
    const drawn = this.fraction()
    let low = 0
    let high = cumulated.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (drawn < (cumulated[middle] as number)) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Draws `count` different whole numbers below `bound`, in random order (Fisher and Yates, the first few steps). */
  distinct(count: number, bound: number): number[] {
    const moved = new Map<number, number>()
    return Array.from({ length: count }, (_, i) => {
      const j = i + this.below(bound - i)
      const drawn = moved.get(j) ?? j
      moved.set(j, moved.get(i) ?? i)
      return drawn
    })
  }
}

/** Cumulates shares for `Dice.place`; they need not add up to 1. */
export function cumulated(shares: readonly number[]): Float64Array {
  const total = shares.reduce((sum, each) => sum + each, 0)
  let sum = 0
  const out = Float64Array.from(shares, each => {
    sum += each
    return sum / total
  })
  out[out.length - 1] = 1
  return out
}
