// The identities of the daemon, a copy of their keys, and how the folder is locked.

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { IdentityJson } from '../../client/remote/index.ts'
import { Copy } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { t } from '../parts/language.ts'
import { save } from '../parts/save.ts'
import { say, sayError } from '../parts/say.ts'
import { become, daemon } from './daemon.ts'

export function IdentitiesView(): JSX.Element {
  const { identities, client } = daemon.value
  const [name, setName] = useState('')
  const texts = t().identities
  useEffect(() => void daemon.value.readIdentities(), [])
  const create = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await client.createIdentity(name.trim())
      await daemon.value.readIdentities()
      say(texts.created(name.trim()))
      setName('')
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <>
      <h2>{t().sections.identities}</h2>
      <p class="quiet">{texts.about}</p>
      <ul class="cards">
        {identities.value.map(identity => (
          <IdentityCard key={identity.name} identity={identity} />
        ))}
      </ul>
      <form class="inline" onSubmit={event => void create(event)}>
        <Field label={texts.name} value={name} onInput={setName} hint={texts.nameHint} required />
        <button type="submit" disabled={name.trim() === ''}>
          {texts.create}
        </button>
      </form>
      <h3>{texts.lock}</h3>
      <p>{texts.lockSays}</p>
      <pre>chaffinch identity lock --config me/client.toml</pre>
      <Copy text="chaffinch identity lock --config me/client.toml" />
    </>
  )
}

function IdentityCard({ identity }: { readonly identity: IdentityJson }): JSX.Element {
  const { name, address, ready } = identity
  const [asks, setAsks] = useState<'remove' | 'export'>()
  const isNow = daemon.value.identity === name
  const texts = t().identities
  const close = (): void => setAsks(undefined)
  const remove = async (): Promise<void> => {
    try {
      await daemon.value.client.removeIdentity(name)
      if (isNow) become('main')
      else await daemon.value.readIdentities()
      say(texts.removed(name))
    } catch (error) {
      sayError(error)
    }
    close()
  }
  return (
    <li>
      <h3>
        {name} {isNow && <span class="quiet">{texts.now}</span>}
      </h3>
      <p class="quiet">{ready ? t().state.ready : t().state.gateway}</p>
      {address !== '' && <p class="address">{address}</p>}
      <div class="row">
        {address !== '' && <Copy text={address} label={texts.copyAddress} />}
        {!isNow && (
          <button type="button" onClick={() => become(name)}>
            {texts.become}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => setAsks('export')}>
          {texts.export}
        </button>
        {name !== 'main' && (
          <button type="button" class="danger" onClick={() => setAsks('remove')}>
            {texts.remove}
          </button>
        )}
      </div>
      {asks === 'remove' && (
        <Dialog
          title={texts.removeTitle(name)}
          action={texts.remove}
          onAction={() => void remove()}
          onClose={close}
        >
          <p>{texts.removeSays}</p>
        </Dialog>
      )}
      {asks === 'export' && <ExportDialog name={name} onClose={close} />}
    </li>
  )
}

function ExportDialog({
  name,
  onClose,
}: {
  readonly name: string
  readonly onClose: () => void
}): JSX.Element {
  const [passphrase, setPassphrase] = useState('')
  const texts = t().identities
  const write = async (): Promise<void> => {
    try {
      save(`chaffinch-${name}.json`, await daemon.value.client.exportIdentity(name, passphrase))
      say(texts.exported)
      onClose()
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <Dialog title={texts.export} action={texts.write} onAction={() => void write()} onClose={onClose}>
      <p>{texts.exportSays}</p>
      <Field label={texts.passphrase} type="password" value={passphrase} onInput={setPassphrase} required />
    </Dialog>
  )
}
