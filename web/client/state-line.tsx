// Whether packets leave, in a word, and as which identity.

import type { JSX } from 'preact'
import { t } from '../parts/language.ts'
import { daemon } from './daemon.ts'

export function StateLine(): JSX.Element {
  const { status, isConnected, identity } = daemon.value
  const texts = t().state
  const [how, word] = !isConnected.value
    ? ['bad', texts.away]
    : status.value === undefined
      ? ['', texts.loading]
      : status.value.ready
        ? ['good', texts.ready]
        : ['wait', status.value.consensus === null ? texts.consensus : texts.gateway]
  return (
    <span>
      <span class={`dot ${how}`} aria-hidden="true" /> {word}
      {identity !== 'main' && ` · ${identity}`}
    </span>
  )
}
