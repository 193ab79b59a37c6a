// The page on a client's daemon: what a person does with it, one section after the other.

import type { JSX } from 'preact'
import { Frame, type Section } from '../parts/frame.tsx'
import { t } from '../parts/language.ts'
import { startPage } from '../parts/start.tsx'
import { BulletinView } from './bulletin.tsx'
import { ContactsView } from './contacts.tsx'
import { become, daemon } from './daemon.ts'
import { HiddenView } from './hidden.tsx'
import { IdentitiesView } from './identities.tsx'
import { LogView } from './log.tsx'
import { MessagesView } from './messages.tsx'
import { NetworkView } from './network.tsx'
import { PaymentsView } from './payments.tsx'
import { ServicesView } from './services.tsx'
import { StateLine } from './state-line.tsx'
import '../style.css'

function App(): JSX.Element {
  if (daemon.peek() === undefined) become('main')
  const { conversations } = daemon.value
  const unread = (isRequest: boolean): number =>
    conversations.value
      .filter(one => one.isRequest === isRequest)
      .reduce((sum, { unread }) => sum + unread, 0)
  const names = t().sections
  const sections: readonly Section[] = [
    {
      id: 'messages',
      name: names.messages,
      badge: unread(false),
      show: () => <MessagesView requests={false} />,
    },
    {
      id: 'requests',
      name: names.requests,
      badge: unread(true),
      show: () => <MessagesView requests={true} />,
    },
    { id: 'contacts', name: names.contacts, show: () => <ContactsView /> },
    { id: 'hidden', name: names.hidden, show: () => <HiddenView /> },
    { id: 'network', name: names.network, show: () => <NetworkView /> },
    { id: 'services', name: names.services, show: () => <ServicesView /> },
    { id: 'bulletin', name: names.bulletin, show: () => <BulletinView /> },
    { id: 'payments', name: names.payments, show: () => <PaymentsView /> },
    { id: 'identities', name: names.identities, show: () => <IdentitiesView /> },
    { id: 'log', name: names.log, show: () => <LogView /> },
  ]
  return <Frame title="Chaffinch" state={<StateLine />} sections={sections} />
}

await startPage(App, 'chaffinch open --config me/client.toml')
