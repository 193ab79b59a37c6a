// What every page has around it: a way past the navigation, the navigation, the place for what is said aloud, and the
// screen of a tab that was not let in.

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { t } from './language.ts'
import { hrefOf, route } from './route.ts'
import { said } from './say.ts'
import { leave, session } from './session.ts'

export interface Section {
  readonly id: string
  readonly name: string
  /** Where it is in the page, where that takes more than its id. */
  readonly path?: readonly string[] | undefined
  /** Counts what waits there. */
  readonly badge?: number | undefined
  readonly show: () => JSX.Element
}

interface FrameProps {
  readonly title: string
  /** Stands beside the title. */
  readonly state?: ComponentChildren
  readonly sections: readonly Section[]
  /** Says whether somebody was let in, who may end that; default true. */
  readonly isSession?: boolean
}

export function Frame({ title, state, sections, isSession = true }: FrameProps): JSX.Element {
  const now = sections.find(({ id }) => id === route.value[0]) ?? sections[0]
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    document.title = now === undefined ? title : `${now.name} · ${title}`
    // Whoever goes on by keyboard goes on where the page has changed
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [now?.id, title])
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t().frame.skip}
      </button>
      <header>
        <h1>{title}</h1>
        <div class="state">{state}</div>
        {isSession && (
          <button type="button" class="quiet" onClick={() => void leave()}>
            {t().frame.leave}
          </button>
        )}
      </header>
      <nav aria-label={t().frame.navigation}>
        {sections.map(({ id, name, badge, path = [id] }) => (
          <a key={id} href={hrefOf(...path)} aria-current={id === now?.id ? 'page' : undefined}>
            {name}
            {badge !== undefined && badge > 0 && <span class="badge">{badge}</span>}
          </a>
        ))}
      </nav>
      <main id="main" tabIndex={-1} ref={main}>
        {now?.show()}
      </main>
      <p class="said" role="status">
        {said.value}
      </p>
    </>
  )
}

/** @param command how the page is opened */
export function Closed({ command }: { readonly command: string }): JSX.Element {
  const state = session.value
  const texts = t().closed
  return (
    <main class="closed">
      <h1>Chaffinch</h1>
      <p>{state.at === 'closed' ? texts.why[state.why] : texts.opening}</p>
      {state.at === 'closed' && (
        <>
          <p>{texts.how}</p>
          <pre>{command}</pre>
          <p class="quiet">{texts.once}</p>
        </>
      )}
    </main>
  )
}
