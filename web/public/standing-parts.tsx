// What the log's reader has to say on the page of how something stands: why it goes no further, and who was found out.

import type { JSX } from 'preact'
import { short } from '../parts/format.ts'

/** Says why the log could not be followed further; nothing where it could. */
export function Trouble({ text }: { readonly text: string | undefined }): JSX.Element {
  return (
    <>
      {text !== undefined && (
        <p class="warning" role="alert">
          {text}
        </p>
      )}
    </>
  )
}

interface FindingsProps {
  readonly title: string
  readonly of: readonly string[]
}

/** Names who was found doing what they may not; nothing where nobody was. */
export function Findings({ title, of }: FindingsProps): JSX.Element {
  return (
    <>
      {of.length > 0 && (
        <>
          <h3>{title}</h3>
          <ul>
            {of.map(finding => (
              <li key={finding}>{shortened(finding)}</li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

/** Cuts ids to what people can tell apart. */
function shortened(text: string): string {
  return text.replaceAll(/[0-9a-f]{64}/g, id => short(id))
}
