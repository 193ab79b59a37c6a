// A list of facts: what, and how it is.

import type { ComponentChildren, JSX } from 'preact'

export type Fact = readonly [what: string, how: ComponentChildren, hint?: string | undefined]

export function Facts({ of }: { readonly of: readonly Fact[] }): JSX.Element {
  return (
    <dl class="facts">
      {of.map(([what, how, hint]) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            {how}
            {hint !== undefined && <span class="quiet"> {hint}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
