// Colours, where the terminal has them and nobody asks for none (NO_COLOR).

import { styleText } from 'node:util'

export type Colour = 'green' | 'yellow' | 'red' | 'bold' | 'dim'

/** Tells whether a stream is a terminal that wants colours: Node looks at NO_COLOR, FORCE_COLOR and TERM. */
export function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.hasColors()
}

/** Colours a text for standard output. */
export function paint(colour: Colour, text: string): string {
  return isColoured(process.stdout) ? styleText(colour, text, { validateStream: false }) : text
}
