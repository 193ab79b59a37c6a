// A file in a thread: its size, and the way to save it. It is read when somebody wants it, and never opened here.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { bytesOf, type ListedJson, type QueuedJson } from '../../client/remote/index.ts'
import { size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { save } from '../parts/save.ts'
import { say, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'
import { readFile } from './file-content.ts'

export function FileBody({ message }: { readonly message: QueuedJson | ListedJson }): JSX.Element {
  const [busy, setBusy] = useState(false)
  const texts = t().files
  const fetchAndSave = async (): Promise<void> => {
    setBusy(true)
    try {
      const content = await daemon.value.readFile(message.id)
      if (content === undefined) return say(texts.gone)
      const { name, bytes } = readFile(bytesOf(content))
      save(name, bytes)
      say(texts.saved(name))
    } catch (error) {
      sayError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <p class="file">
      {texts.file(size(message.bytes))}{' '}
      <button type="button" disabled={busy} onClick={() => void fetchAndSave()}>
        {texts.save}
      </button>
    </p>
  )
}
