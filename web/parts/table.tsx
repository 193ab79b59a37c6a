// A table that can be wider than a telephone: it scrolls by itself, by keyboard too.

import type { ComponentChildren, JSX } from 'preact'

interface TableProps {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly ComponentChildren[])[]
}

export function Table({ caption, head, rows }: TableProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {head.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
