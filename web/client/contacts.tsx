// The people whom the owner knows, and the own address to give to others.

import type { JSX } from 'preact'
import { Copy } from '../parts/copy.tsx'
import { t } from '../parts/language.ts'
import { Qr } from '../parts/qr.tsx'
import { go, hrefOf, route } from '../parts/route.ts'
import { ContactCard } from './contact-card.tsx'
import { daemon } from './daemon.ts'
import { SaveContact } from './save-contact.tsx'

export function ContactsView(): JSX.Element {
  const contacts = daemon.value.contacts.value
  const open = contacts.find(({ name }) => name === route.value[1])
  const texts = t().contacts
  return (
    <div class={`beside ${open === undefined ? '' : 'inner'}`}>
      <section class="list" aria-label={t().sections.contacts}>
        <ul class="conversations">
          {contacts.map(({ name }) => (
            <li key={name}>
              <a href={hrefOf('contacts', name)} aria-current={name === open?.name ? 'true' : undefined}>
                <span class="who">{name}</span>
              </a>
            </li>
          ))}
        </ul>
        {contacts.length === 0 && <p class="empty">{texts.none}</p>}
        <h3>{texts.add}</h3>
        <SaveContact then={name => go('contacts', name)} />
      </section>
      <section class="detail" aria-label={texts.card}>
        {open === undefined ? <OwnAddress /> : <ContactCard key={open.name} contact={open} />}
      </section>
    </div>
  )
}

function OwnAddress(): JSX.Element {
  const address = daemon.value.status.value?.address ?? ''
  const texts = t().contacts
  return (
    <>
      <h2>{texts.own}</h2>
      {address === '' ? (
        <p class="empty">{texts.noAddress}</p>
      ) : (
        <>
          <p>{texts.giveIt}</p>
          <p class="address">{address}</p>
          <Copy text={address} />
          <Qr text={address} label={texts.qr} />
        </>
      )}
    </>
  )
}
