// How what somebody else wrote stands in a terminal, so that nobody takes it for what this program says
// (docs/spec/client-sdk.md 13.2): behind a bar on every line, also where a line is longer than the terminal is wide.

const bar = '│ '
const narrowest = 20

/** Text behind a bar, in lines of at most so many columns. */
export function quoted(text: string, columns: number): string {
  const room = Math.max(narrowest, columns) - bar.length - 1
  return printable(text)
    .split('\n')
    .flatMap(line => folded(line, room))
    .map(line => `${bar}${line}`)
    .join('\n')
}

/**
 * Text without what would steer a terminal, or have lines and letters stand in another order than they were written:
 * what is removed leaves U+FFFD. Emoji that are joined (U+200D) stay joined.
 */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found, at: number, all: string) => {
      if (found === '\n') return found
      if (found === '\t') return '    '
      return found === joiner && joins(all, at) ? found : replacement
    })
}

const joiner = '\u200d'
const replacement = '\ufffd'

/** Tells whether a joiner stands between two pictures. */
function joins(text: string, at: number): boolean {
  return (
    /(\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u.test(text.slice(Math.max(0, at - 4), at)) &&
    /^\p{Extended_Pictographic}/u.test(text.slice(at + 1))
  )
}

/** A line in pieces that a terminal does not fold by itself. */
function folded(line: string, room: number): string[] {
  const pieces: string[] = []
  let piece = ''
  let width = 0
  for (const { segment } of segments.segment(line)) {
    const next = widthOf(segment)
    if (width + next > room) {
      pieces.push(piece)
      piece = ''
      width = 0
    }
    piece += segment
    width += next
  }
  return [...pieces, piece]
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Columns of a letter: two for what may be wide, so that no line is ever too long. */
function widthOf(segment: string): number {
  return /^[\p{ASCII}\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(segment) ? 1 : 2
}
