// A page of a person for the tests of a network that lives: what came and what became of what was sent, as lists.

import { parseNetwork } from 'chaffinch/network'
import { connect } from 'chaffinch/page'

globalThis.came = []
globalThis.sent = []
const network = parseNetwork(await (await fetch('network.toml')).text())
globalThis.client = await connect({ worker: new URL('worker.js', location.href), network, folder: 'person' })

globalThis.say = async (to, text) => {
  const message = await client.send(to, text, { from: true })
  const note = state => () => sent.push(`${text} ${state}`)
  message.stored().then(note('stored'), note('failed'))
  message.received().then(note('received'), () => undefined)
}

for await (const { text } of client.messages()) came.push(text)
