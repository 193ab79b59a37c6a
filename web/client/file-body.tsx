// A file in a thread, or a text too long to draw: its size, and the way to save it. It is read when somebody wants it,
// and never opened here.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { bytesOf, type ListedJson, type QueuedJson } from '../../client/remote/index.ts'
import { size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { save } from '../parts/save.ts'
import { say, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'
import { fileApp, readFile } from './file-content.ts'

export function FileBody({ message }: { readonly message: QueuedJson | ListedJson }): JSX.Element {
  const [busy, setBusy] = useState(false)
  const texts = t().files
  const isFile = message.app === fileApp
  const fetchAndSave = async (): Promise<void> => {
    setBusy(true)
    try {
      const content = await daemon.value.readOne(message)
      if (content === undefined) return say(texts.gone)
      const all = bytesOf(content).slice()
      const { name, bytes } = isFile ? readFile(all) : { name: `${message.id.slice(0, 8)}.txt`, bytes: all }
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
      {(isFile ? texts.file : texts.longText)(size(message.bytes))}{' '}
      <button type="button" disabled={busy} onClick={() => void fetchAndSave()}>
        {texts.save}
      </button>
    </p>
  )
}
