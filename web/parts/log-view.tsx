// The newest lines of a role's log: in the reader's words where there are any, with the rest as it stands.

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { LogLine } from '../../client/remote/index.ts'
import { Check } from './field.tsx'
import { timeSeconds } from './format.ts'
import { t } from './language.ts'

const lookEveryMs = 2000
const mostShown = 500

/** @param read gives the lines behind one */
export function LogLinesView({
  read,
}: {
  readonly read: (after: number) => Promise<readonly LogLine[]>
}): JSX.Element {
  const [lines, setLines] = useState<readonly LogLine[]>([])
  const [onlyOdd, setOnlyOdd] = useState(false)
  const texts = t().log
  useEffect(() => {
    let [after, over] = [-1, false]
    const look = async (): Promise<void> => {
      const more = await read(after).catch(() => [])
      after = more.at(-1)?.seq ?? after
      if (more.length > 0) setLines(before => [...before, ...more].slice(-mostShown))
      if (!over) timer = setTimeout(() => void look(), lookEveryMs)
    }
    let timer = setTimeout(() => void look(), 0)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [])
  const shown = lines.filter(({ level }) => !onlyOdd || level !== 'info').toReversed()
  return (
    <>
      <h2>{t().sections.log}</h2>
      <p class="quiet">{texts.about}</p>
      <Check label={texts.onlyOdd} checked={onlyOdd} onChange={setOnlyOdd} />
      {shown.length === 0 && <p class="empty">{texts.none}</p>}
      <ol class="log">
        {shown.map(line => (
          <li key={line.seq} class={line.level}>
            <time dateTime={new Date(line.at).toISOString()}>{timeSeconds(line.at)}</time>{' '}
            <strong>{texts.levels[line.level]}</strong> {wordsOf(line)}
          </li>
        ))}
      </ol>
    </>
  )
}

/** A line in the reader's language where it is one of those that people see most; its fields behind it. */
function wordsOf({ message, fields }: LogLine): string {
  const known = (t().log.messages as Readonly<Record<string, string>>)[message] ?? message
  const told = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return told.length === 0 ? known : `${known} (${told.join(', ')})`
}
