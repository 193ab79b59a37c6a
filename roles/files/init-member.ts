// The file that `chaffinch init member` writes (docs/spec/crowds.md 6).

import { type ServerDraft, serverLines } from './init-files.ts'
import { type Line, toml, write } from './lines.ts'

export interface MemberDraft extends ServerDraft {
  readonly family?: string | undefined
  /** URLs by name. */
  readonly destinations?: Readonly<Record<string, string>> | undefined
}

export function memberText(file: string, draft: MemberDraft): string {
  const family: Line = {
    key: 'family',
    value: draft.family,
    otherwise: '""',
    says: ['One name for all members that you run.'],
  }
  const destinations = Object.entries(draft.destinations ?? {})
  const table = destinations.map(([name, url]) => `${toml(name)} = ${toml(url)}\n`).join('')
  return `# A member of the crowd: chaffinch crowds --config ${file}

${write([...serverLines(file, draft), family])}
# What it asks for others, by the name that they know: all members have the same, and ask nothing else for anybody.
#
#     echo = "http://127.0.0.1:8000/"
[destinations]
${table}`
}
