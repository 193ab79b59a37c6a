// Counts the bytes of a connection between libp2p and its transport, where they are what the wire carries.

import type { MultiaddrConnection } from '@libp2p/interface'
import type { Traffic } from '../traffic.ts'

/** libp2p's transport connections, by the methods that feed and empty them. */
interface Carried extends MultiaddrConnection {
  onData(data: { readonly byteLength: number }): void
  sendData(data: { readonly byteLength: number }): { readonly sentBytes: number }
}

function isCarried(connection: MultiaddrConnection): connection is Carried {
  return 'onData' in connection && 'sendData' in connection
}

/** Has a new transport connection add to the counts. To be called before its first byte, and before any guard. */
export function countBytes(connection: MultiaddrConnection, traffic: Traffic): void {
  if (!isCarried(connection)) throw new Error('libp2p connections are not what they were')
  const onData = connection.onData.bind(connection)
  connection.onData = data => {
    traffic.bytesIn += data.byteLength
    onData(data)
  }
  // Not `sendData`, which the guards replace: what is handed over leaves, or the connection ends
  const send = connection.send.bind(connection)
  connection.send = data => {
    traffic.bytesOut += data.byteLength
    return send(data)
  }
}
