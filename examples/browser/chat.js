// A chat of two people, each in a browser of their own (README.md says how to start it). What came and what went is kept
// by the worker; the page shows it.

import { parseNetwork } from 'chaffinch/network'
import { connect } from 'chaffinch/page'

const [mine, said, form, to, text] = ['mine', 'said', 'form', 'to', 'text'].map(id =>
  document.getElementById(id),
)
const show = line => {
  const item = said.appendChild(document.createElement('li'))
  item.textContent = line // text, never markup
  return item
}
try {
  const network = parseNetwork(await (await fetch('network.toml')).text())
  const client = await connect({ worker: new URL('worker.js', location.href), network, folder: 'chat' })
  mine.textContent = client.address
  form.onsubmit = async event => {
    event.preventDefault()
    const line = text.value
    const item = show(`me: ${line} (…)`)
    text.value = ''
    try {
      const message = await client.send(to.value.trim(), line, { from: true }) // they can answer, and know who writes
      item.textContent = `me: ${line} (on its way)`
      await message.stored()
      item.textContent = `me: ${line} (delivered)`
    } catch (error) {
      item.textContent = `me: ${line} (not sent: ${error.message})`
    }
  }
  for await (const { from, text: line } of client.messages()) {
    show(`them: ${line}`)
    if (to.value === '' && from !== undefined) to.value = from
  }
} catch (error) {
  mine.textContent = error.message
}
