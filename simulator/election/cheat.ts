// A mixer that cheats: it does all that an honest one does, but puts one ballot in the place of another before it hands
// in its outbox, and signs that.

import { join } from 'node:path'
import { type Post, remoteController, request, sha256Hex, signerOf } from '../../cascade/index.ts'
import { readKey } from '../../roles/files/index.ts'
import { keyName, readPlanFile } from '../../roles/mixnet/folder.ts'
import { runMember } from '../../roles/mixnet/member.ts'
import { ciphertextBytes } from '../../shuffle/index.ts'
import { cheatName, placesIn } from './places.ts'

/** Runs the cheating mixer of a demonstration until it is told to end. @returns the exit code */
export async function runCheat(folder: string): Promise<number> {
  const places = placesIn(folder)
  const own = places.of(cheatName)
  const { url } = readPlanFile(places.plan)
  const { post } = remoteController({ url, fetch })
  const options = { plan: places.plan, election: [places.board] }
  return await runMember('mixer', own, options, cheating(post, join(own, keyName)))
}

/** Replaces the first row of an outbox by its second one. */
function cheating(post: Post, keyFile: string): Post {
  return async (made, blobs) => {
    const { payload } = made
    const [output, proof] = blobs
    if (payload['action'] !== 'process' || output === undefined || proof === undefined)
      return await post(made, blobs)
    const changed = output.slice()
    changed.set(output.subarray(ciphertextBytes, 2 * ciphertextBytes))
    const { mixnet, signer: _, sequence, ...fields } = payload
    const signer = signerOf(readKey(keyFile))
    const said = request(signer, mixnet, sequence, { ...fields, outbox_hash: sha256Hex(changed) })
    return await post(said, [changed, proof])
  }
}
