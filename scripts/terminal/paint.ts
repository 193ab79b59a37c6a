// Colours, where the terminal has them and nobody asks for none (NO_COLOR).

import { styleText } from 'node:util'

export type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'bold' | 'dim'

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string

/** Tells whether a stream is a terminal that wants colours: Node looks at NO_COLOR, FORCE_COLOR and TERM. */
export function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.hasColors()
}

export function painter(coloured: boolean): Paint {
  return coloured
    ? (colour, text) => styleText(colour, text, { validateStream: false })
    : (_colour, text) => text
}

/** Colours a text for standard output. */
export function paint(colour: Colour, text: string): string {
  return painter(isColoured(process.stdout))(colour, text)
}
