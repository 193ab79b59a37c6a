// chaffinch: what an app begins with; the subpaths have everything. docs/guide/tutorial.md.

export { type Network, readNetwork } from '../directory/network-file.ts'
export { FileError } from '../encoding/toml.ts'
export {
  type Advice,
  advice,
  adviceFor,
  type Client,
  ClientError,
  type ClientErrorCode,
  type ClientEvents,
  type ClientOptions,
  type ConnectOptions,
  type CoverLevel,
  connect,
  DirectoryError,
  type DirectoryErrorCode,
  type InboxOptions,
  type Message,
  type MessageState,
  openClient,
  type Received,
  type SendOptions,
  type Service,
  type ServiceHandler,
  type ServiceOptions,
  type ServiceRequest,
} from './index.ts'
