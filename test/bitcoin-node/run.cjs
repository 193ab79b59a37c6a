// A bcoin node on regtest, in memory, with a JSON-RPC server like Bitcoin Core's. Prints its URL when it is up, and ends when
// its standard input does.

const { FullNode } = require('bcoin')

const port = Number(process.argv[2])
const node = new FullNode({
  network: 'regtest',
  memory: true,
  workers: false,
  indexTX: true,
  listen: false,
  apiKey: 'test',
  httpPort: port,
  httpHost: '127.0.0.1',
  logLevel: 'none',
})

async function main() {
  await node.open()
  console.log(`http://x:test@127.0.0.1:${port}`)
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
}

main().catch(error => {
  console.error(error.message)
  process.exit(1)
})
