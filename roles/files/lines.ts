// The lines of a file that `chaffinch init` writes: each key with what it is for, and with its default as a comment.

/** A key of a file: with a value it is set, without one it stands there as a comment with its default. */
export interface Line {
  readonly key: string
  readonly value: string | number | boolean | readonly string[] | undefined
  readonly otherwise: string
  readonly says: readonly string[]
}

/** TOML of a value: JSON's strings and lists are TOML's. */
export function toml(value: string | number | boolean | readonly string[]): string {
  return typeof value === 'object'
    ? `[${value.map(item => JSON.stringify(item)).join(', ')}]`
    : JSON.stringify(value)
}

export function write(lines: readonly Line[]): string {
  return lines
    .map(({ key, value, otherwise, says }) => {
      const comment = says.map(line => `# ${line}\n`).join('')
      return `${comment}${value === undefined ? `#${key} = ${otherwise}` : `${key} = ${toml(value)}`}\n`
    })
    .join('\n')
}
