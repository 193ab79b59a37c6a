// The client of all pages of this origin: its clocks keep their rate where a page's would not.
import { serveWorker } from 'chaffinch/worker'

serveWorker()
