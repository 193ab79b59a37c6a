// To whom: a contact, or an address that somebody gave.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '../parts/field.tsx'
import { t } from '../parts/language.ts'
import { go, hrefOf } from '../parts/route.ts'
import { daemon } from './daemon.ts'

export function NewConversation(): JSX.Element {
  const [address, setAddress] = useState('')
  const contacts = daemon.value.contacts.value
  const texts = t().messages
  const begin = (event: Event): void => {
    event.preventDefault()
    const known = contacts.find(one => one.address === address.trim())
    go('messages', known === undefined ? `a:${address.trim()}` : `c:${known.name}`)
  }
  return (
    <>
      <h2>{texts.write}</h2>
      {contacts.length > 0 && (
        <>
          <h3>{texts.toContact}</h3>
          <ul class="plain">
            {contacts.map(({ name }) => (
              <li key={name}>
                <a href={hrefOf('messages', `c:${name}`)}>{name}</a>
              </li>
            ))}
          </ul>
        </>
      )}
      <form onSubmit={begin}>
        <Field
          label={texts.toAddress}
          value={address}
          onInput={setAddress}
          hint={texts.addressHint}
          required
        />
        <button type="submit" disabled={!address.trim().startsWith('chaffinch_')}>
          {texts.begin}
        </button>
      </form>
    </>
  )
}
