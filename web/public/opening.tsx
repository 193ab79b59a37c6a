// While nothing is open: which there are, that one is looked for, or why it is refused.

import type { JSX } from 'preact'
import { hrefOf, route } from '../parts/route.ts'
import type { WorkFailure } from './asked.ts'
import { idOf, type OneOf } from './opened.ts'

interface OpeningProps {
  readonly of: Pick<OneOf<unknown, unknown>, 'now' | 'listed'>
  /** The section to which the list leads where the address names none. */
  readonly first: string
  readonly texts: Readonly<
    Record<'which' | 'compare' | 'none' | 'looking' | 'checking' | 'refused' | 'what', string>
  >
  readonly failureText: (failure: WorkFailure) => string
}

export function Opening({ of, first, texts, failureText }: OpeningProps): JSX.Element {
  const wanted = idOf()
  const state = of.now.value
  if (wanted === undefined) {
    const [section = first] = route.value
    return (
      <>
        <h2>{texts.which}</h2>
        <p class="warning">{texts.compare}</p>
        {of.listed.value?.length === 0 && <p class="empty">{texts.none}</p>}
        <ul class="cards">
          {(of.listed.value ?? []).map(({ id, title }) => (
            <li key={id}>
              <a href={hrefOf(section, id)}>{title}</a> <code>{id}</code>
            </li>
          ))}
        </ul>
      </>
    )
  }
  if (state.at === 'refused' && state.id === wanted)
    return (
      <div role="alert">
        <h2>{texts.refused}</h2>
        <p class="warning">{failureText(state.failure)}</p>
        <p>{texts.what}</p>
      </div>
    )
  return (
    <>
      <h2>{texts.looking}</h2>
      <p role="status">{texts.checking}</p>
    </>
  )
}
