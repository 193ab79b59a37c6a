// A contact: safety words to compare, what they are told, and the way to forget them.

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Contact } from '../../client/remote/index.ts'
import { Copy } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Check } from '../parts/field.tsx'
import { t } from '../parts/language.ts'
import { Qr } from '../parts/qr.tsx'
import { go, hrefOf } from '../parts/route.ts'
import { say, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'

export function ContactCard({ contact }: { readonly contact: Contact }): JSX.Element {
  const { name, address, read, received } = contact
  const [asks, setAsks] = useState(false)
  const texts = t().contacts
  const change = async (what: Partial<Pick<Contact, 'read' | 'received'>>): Promise<void> => {
    await daemon.value.client.keepContact(name, what).catch(sayError)
    await daemon.value.readContacts()
  }
  const forget = async (): Promise<void> => {
    try {
      await daemon.value.client.removeContact(name)
      await daemon.value.contactsChanged()
      say(texts.forgotten(name))
      go('contacts')
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <>
      <a class="back" href={hrefOf('contacts')}>
        ← {t().sections.contacts}
      </a>
      <h2>{name}</h2>
      <p>
        <a class="button" href={hrefOf('messages', `c:${name}`)}>
          {texts.write}
        </a>
      </p>
      <SafetyWords name={name} />
      <h3>{texts.told}</h3>
      <Check label={texts.received} checked={received} onChange={received => void change({ received })} />
      <Check label={texts.read} checked={read} onChange={read => void change({ read })} />
      <h3>{texts.address}</h3>
      <p class="address">{address}</p>
      <Copy text={address} />
      <p>
        <button type="button" class="danger" onClick={() => setAsks(true)}>
          {texts.forget}
        </button>
      </p>
      {asks && (
        <Dialog
          title={texts.forgetTitle(name)}
          action={texts.forget}
          onAction={() => void forget()}
          onClose={() => setAsks(false)}
        >
          <p>{texts.forgetSays}</p>
        </Dialog>
      )}
    </>
  )
}

function SafetyWords({ name }: { readonly name: string }): JSX.Element {
  const [words, setWords] = useState<readonly string[]>([])
  useEffect(() => {
    daemon.value.client.safetyWords(name).then(setWords, sayError)
  }, [name])
  const texts = t().contacts
  return (
    <>
      <h3>{texts.words}</h3>
      <p>{texts.wordsSay}</p>
      <ol class="words" translate={false}>
        {words.map((word, i) => (
          <li key={i}>{word}</li>
        ))}
      </ol>
      {words.length > 0 && <Qr text={words.join(' ')} label={texts.wordsQr} />}
    </>
  )
}
