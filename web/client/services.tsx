// Services that gateways announce: ask one, and read its answer.

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { KnownService } from '../../client/remote/index.ts'
import { Field } from '../parts/field.tsx'
import { short, size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { errorText, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'

export function ServicesView(): JSX.Element {
  const [services, setServices] = useState<readonly KnownService[]>()
  const [chosen, setChosen] = useState<KnownService>()
  const { client, consensus } = daemon.value
  useEffect(() => {
    client.services().then(setServices, sayError)
  }, [consensus.value?.hash])
  const texts = t().services
  return (
    <>
      <h2>{t().sections.services}</h2>
      <p class="quiet">{texts.about}</p>
      {services?.length === 0 && <p class="empty">{texts.none}</p>}
      <ul class="conversations">
        {services?.map(service => (
          <li key={`${service.name} ${service.gateway}`}>
            <button type="button" aria-pressed={service === chosen} onClick={() => setChosen(service)}>
              <span class="who">{service.name}</span>
              <span class="quiet">{texts.at(short(service.gateway))}</span>
            </button>
          </li>
        ))}
      </ul>
      {chosen !== undefined && <Ask key={chosen.address} service={chosen} />}
    </>
  )
}

function Ask({ service }: { readonly service: KnownService }): JSX.Element {
  const [text, setText] = useState('')
  const [answer, setAnswer] = useState<string>()
  const [busy, setBusy] = useState(false)
  const texts = t().services
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setAnswer(undefined)
    try {
      setAnswer(textOf(await daemon.value.client.request(service.name, text, { to: service.address })))
    } catch (error) {
      setAnswer(errorText(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={event => void ask(event)}>
      <Field label={texts.ask(service.name)} value={text} onInput={setText} rows={2} />
      <button type="submit" disabled={busy}>
        {busy ? texts.asking : texts.send}
      </button>
      <output class="text">{answer}</output>
    </form>
  )
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return t().services.bytes(size(bytes.length))
  }
}
