// A chat for two. Bob gives away an address; whoever writes to it stays unknown, also to Bob.
//
//   node chat.mjs NETWORK bob              prints Bob's address, and lets him answer
//   node chat.mjs NETWORK alice ADDRESS    lets Alice write to it

import { createInterface } from 'node:readline'
import { connect, readAddress } from 'chaffinch/client'
import { readNetwork } from 'chaffinch/network'

const [file, folder, address] = process.argv.slice(2)
const complain = error => console.error(`not sent: ${error.message}`)
let client
let last // what Bob answers: all that he has of Alice
try {
  if (folder === undefined) throw new Error('want NETWORK, FOLDER and perhaps ADDRESS')
  const network = readNetwork(file)
  if (address !== undefined) readAddress(address, network.name) // notices a single wrong character
  client = await connect({ network, folder })
  console.log(address === undefined ? `your address: ${client.address}` : 'connected')
  await Promise.all([listen(), talk()])
} catch (error) {
  console.error(`chat: ${error.message}`)
  process.exitCode = client === undefined ? 2 : 1
}

async function listen() {
  for await (last of client.messages()) console.log(`> ${last.text}`)
}

async function talk() {
  for await (const line of createInterface({ input: process.stdin })) {
    if (address !== undefined) await client.send(address, line, { replies: true }).catch(complain)
    else if (last !== undefined) await client.reply(last, line).catch(complain)
    else console.log('nobody has written yet')
  }
  await client.flush('sent') // all packets have left: now we may leave too
  await client.close()
}
