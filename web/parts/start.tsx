// How a page begins: its language, its place, its session; then it is drawn, and drawn again when the session ends.

import { type JSX, render } from 'preact'
import { Closed } from './frame.tsx'
import { speak } from './language.ts'
import { followRoute } from './route.ts'
import { openSession, session } from './session.ts'

/**
 * @param App what whoever is let in sees
 * @param command how the page is opened
 */
export async function startPage(App: () => JSX.Element, command: string): Promise<void> {
  await speak()
  await openSession()
  followRoute()
  const Page = (): JSX.Element => (session.value.at === 'open' ? <App /> : <Closed command={command} />)
  render(<Page />, document.getElementById('app') as HTMLElement)
}
