// How this tab got in (docs/spec/pages.md 2): by a code behind the # of its address, once. The token that it gets for
// it lies in this tab alone; no cookie holds it, since every port of this machine would get a cookie.

import { signal } from '@preact/signals'

/** `closed` says why: never opened, or over. */
export type SessionState =
  | { readonly at: 'opening' }
  | { readonly at: 'open'; readonly token: string }
  | { readonly at: 'closed'; readonly why: 'none' | 'code' | 'over' | 'left' }

export const session = signal<SessionState>({ at: 'opening' })

const place = 'chaffinch-session'
/** A code is so many letters of base64url; a route of the page is shorter. */
const codeForm = /^#([\w-]{22})$/

/** Opens the session: with the code of the address, which is taken out of it; else the one that the tab has. */
export async function openSession(): Promise<void> {
  const code = codeForm.exec(location.hash)?.[1]
  if (code === undefined) {
    const token = sessionStorage.getItem(place)
    session.value = token === null ? { at: 'closed', why: 'none' } : { at: 'open', token }
    return
  }
  // Before anything else, so that it is in no history
  history.replaceState(null, '', location.pathname)
  const answer = await fetch('/ui/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  }).catch(() => undefined)
  if (answer?.ok !== true) {
    session.value = { at: 'closed', why: 'code' }
    return
  }
  const { token } = (await answer.json()) as { token: string }
  sessionStorage.setItem(place, token)
  session.value = { at: 'open', token }
}

/** Asks as this tab. A refusal of its token ends the session. */
export async function askFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, cache: 'no-store' })
  if (response.status === 401) endSession('over')
  return response
}

/** Gives the token of the open session. */
export function tokenOfTab(): string {
  return session.value.at === 'open' ? session.value.token : ''
}

/** Ends the session here and at the server. */
export async function leave(): Promise<void> {
  const headers = { authorization: `Bearer ${tokenOfTab()}` }
  await fetch('/ui/session', { method: 'DELETE', headers }).catch(() => {})
  endSession('left')
}

function endSession(why: 'over' | 'left'): void {
  sessionStorage.removeItem(place)
  session.value = { at: 'closed', why }
}
