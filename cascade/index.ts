// chaffinch/cascade: a mix-net of few mixers that anybody can check (docs/spec/cascade.md): the machines of Controller,
// members, clients and verifiers. Runs in Node and in browsers; chaffinch/controller is the server.

export { Audit, controllerName, type Finding, rowsSorted, type Source } from './audit.ts'
export { Board, peersAtMost } from './board.ts'
export { Caller, type Post, type Shelf, type SignerParts } from './caller.ts'
export { type ClientParts, MessagingClient, type Progress } from './client.ts'
export { blobBytesAtMost, Controller, type ControllerParts, type Reply, type Stretch } from './controller.ts'
export { CascadeError, type CascadeErrorCode } from './error.ts'
export { type Foundation, Founding, type FoundingParts, type Step } from './founding.ts'
export { type Journal, MemoryJournal, type Written } from './journal.ts'
export { checkpointOf, entryOf, type Head, isReceipt, type Receipt, readCheckpoint } from './log.ts'
export { type AfterFew, Member, type MemberParts } from './member.ts'
export {
  type Consensus,
  type Contribution,
  consensusId,
  contribute,
  contribution,
  type Negotiation,
  negotiate,
  wrongWith,
} from './negotiation.ts'
export { type ChainForm, Chains } from './packets/chains.ts'
export { type Content, openContent, sealContent, sealingKey, sealingSecret } from './packets/contents.ts'
export {
  courseOf,
  type Mixed,
  makePacket,
  mixPackets,
  openingOf,
  type PacketContext,
  type PacketHop,
  provePacket,
  verifyPacket,
} from './packets/packet.ts'
export { ChainFounding, type ChainFoundingParts, plannedChains } from './packets/planned.ts'
export {
  lastCycles,
  opened,
  PacketRecipient,
  type Received,
  type RecipientParts,
  takenFrom,
} from './packets/recipient.ts'
export { type Recipient, recipientsOf } from './packets/recipients.ts'
export { type PacketProgress, PacketSender, type PacketSenderParts } from './packets/sender.ts'
export { type PacketForm, packetBytes } from './packets/suite.ts'
export {
  Closing,
  digestOfPlan,
  ownersOf,
  type Plan,
  type PlannedMixer,
  type PlannedPackets,
  type PlannedTrustee,
  readPlan,
  sharingKey,
  sharingSecret,
} from './plan.ts'
export { keyAgreed, type PlannedPeers, plannedPeers } from './planned.ts'
export {
  type Complaint,
  type Consumed,
  type Cycle,
  type CycleStatus,
  contextOf,
  type Message,
  type Peer,
  type Person,
  type Share,
} from './records.ts'
export { type Fetch, type RemoteOptions, remoteController } from './remote.ts'
export { partsOf, type SenderList, sendersText } from './senders.ts'
export {
  digestOf,
  type Fields,
  isSigned,
  keyId,
  type Payload,
  request,
  type SignedRequest,
  type Signer,
  sha256Hex,
  signerOf,
  wantRequest,
} from './signed.ts'
