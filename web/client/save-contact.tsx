// Takes an address for a contact: from then on what comes from it is no stranger's.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '../parts/field.tsx'
import { t } from '../parts/language.ts'
import { go } from '../parts/route.ts'
import { say, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'

interface SaveContactProps {
  /** Undefined: it is typed. */
  readonly address?: string
  /** Where to go on; default: to the conversation. */
  readonly then?: (name: string) => void
}

export function SaveContact({ address, then }: SaveContactProps): JSX.Element {
  const [name, setName] = useState('')
  const [typed, setTyped] = useState('')
  const texts = t().contacts
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await daemon.value.client.keepContact(name.trim(), { address: address ?? typed.trim() })
      await daemon.value.contactsChanged()
      say(texts.kept(name.trim()))
      setName('')
      setTyped('')
      if (then === undefined) go('messages', `c:${name.trim()}`)
      else then(name.trim())
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <form class="inline" onSubmit={event => void keep(event)}>
      <Field label={texts.name} value={name} onInput={setName} required />
      {address === undefined && <Field label={texts.address} value={typed} onInput={setTyped} required />}
      <button type="submit" disabled={name.trim() === ''}>
        {texts.keep}
      </button>
    </form>
  )
}
