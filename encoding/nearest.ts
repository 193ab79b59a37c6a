// What somebody may have meant who misspelt a word: for keys of files, options of programs, and commands.

const stem = 4

/** Finds the word that somebody who wrote `word` may have meant; undefined where none is like it. */
export function nearest(word: string, among: readonly string[]): string | undefined {
  const near = among
    .map(name => ({ name, distance: editDistance(word.toLowerCase(), name) }))
    .sort((a, b) => a.distance - b.distance)[0]
  if (near === undefined) return undefined
  const isLike = near.distance <= mostChanges(word)
  return isLike || begins(word.toLowerCase(), near.name) ? near.name : undefined
}

/** Two words of one stem, such as `reply` and `replies`. */
function begins(word: string, name: string): boolean {
  return word.length >= stem && name.startsWith(word.slice(0, stem))
}

/** Counts the letters to add, take, change or swap with the next (the optimal string alignment distance). */
function editDistance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? (before[j - 2] as number) + 1 : change
      next.push(Math.min(change, swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    ;[before, row] = [row, next]
  }
  return row[b.length] as number
}

/** Allows a short word fewer changes: two of three letters make any word of it. */
function mostChanges(word: string): number {
  return word.length <= 3 ? 1 : Math.max(2, Math.floor(word.length / 3))
}
