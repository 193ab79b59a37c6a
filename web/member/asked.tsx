// What is asked of the member: elections that it holds, and one that its operator is to take part in.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Asked } from '../../roles/mixnet/member-page.ts'
import type { ElectionStatus, MemberStatus } from '../../roles/mixnet/member-status.ts'
import type { Question } from '../../voting/index.ts'
import { te } from '../election/texts.ts'
import { datesOf, stageText } from '../election/words.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Facts } from '../parts/facts.tsx'
import { count, dateTime, zonedTime } from '../parts/format.ts'
import { say, sayError } from '../parts/say.ts'
import { Table } from '../parts/table.tsx'
import { FewView } from './few.tsx'
import { close, type Files, lookAt, readFiles, takePart } from './member.ts'
import { tm } from './texts.ts'

export function AskedView({ status }: { readonly status: MemberStatus }): JSX.Element {
  const texts = tm()
  const own =
    status.people.filter(({ what }) => what === 'trustee').findIndex(({ id }) => id === status.id) + 1
  return (
    <>
      <h2>{texts.elections}</h2>
      {status.elections.length === 0 && <p class="empty">{texts.none}</p>}
      {status.elections.map(each => (
        <ElectionView key={each.election} election={each} trustee={own} />
      ))}
      <TakePart />
    </>
  )
}

/** @param trustee this member's number among them, 0 for a mixer */
function ElectionView(props: { readonly election: ElectionStatus; readonly trustee: number }): JSX.Element {
  const { election, title, voters, questions, standing, opens, closes, dated } = props.election
  const texts = tm()
  const { standing: words } = te()
  const isOver = standing?.every(({ stage }) => !['open', 'waits', 'few'].includes(stage)) === true
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <p>
        <code>{election}</code>
      </p>
      {standing === null ? (
        <p role="status">{texts.waits}</p>
      ) : (
        <Table
          caption={texts.questions}
          head={[
            words.question,
            words.stage,
            words.ballots,
            words.mixes,
            words.shares,
            ...(props.trustee > 0 ? [texts.ownShare] : []),
          ]}
          rows={standing.map((each, i) => {
            const { ballots, mixes, shares } = each
            return [
              `${i + 1}. ${questions[i]?.text ?? ''}`,
              stageText(each, props.election),
              `${count(ballots)} / ${count(voters)}`,
              count(mixes),
              shares.length === 0 ? '' : words.shareOf(shares.join(', ')),
              ...(props.trustee > 0 ? [texts.share(shares.includes(props.trustee))] : []),
            ]
          })}
        />
      )}
      {opens !== null && <p>{texts.opensAt(zonedTime(Date.parse(opens)))}</p>}
      {closes !== null && <p>{(dated ? texts.closesAt : texts.closes)(zonedTime(Date.parse(closes)))}</p>}
      {closes === null && !isOver && <Closing election={election} title={title} />}
      <FewView election={props.election} />
    </section>
  )
}

function Closing({ election, title }: { readonly election: string; readonly title: string }): JSX.Element {
  const [time, setTime] = useState('')
  const [isAsked, setAsked] = useState(false)
  const texts = tm()
  const at = time === '' ? new Date() : new Date(time)
  const act = async (): Promise<void> => {
    setAsked(false)
    await close(election, `${at.toISOString().slice(0, 19)}Z`).then(() => say(texts.closed), sayError)
  }
  return (
    <>
      <div class="inline">
        <div class="field">
          <label>
            {texts.closeAt}
            <input type="datetime-local" value={time} onInput={event => setTime(event.currentTarget.value)} />
          </label>
        </div>
        <button type="button" class="danger" onClick={() => setAsked(true)}>
          {time === '' ? texts.closeNow : texts.closeThen}
        </button>
      </div>
      {isAsked && (
        <Dialog
          title={texts.closeTitle(title)}
          action={time === '' ? texts.closeNow : texts.closeThen}
          onAction={() => void act()}
          onClose={() => setAsked(false)}
        >
          <p>{texts.closeSays}</p>
          <p>{dateTime(at.getTime())}</p>
        </Dialog>
      )}
    </>
  )
}

/** Two files, what they say, and the word to take part. */
function TakePart(): JSX.Element {
  const [found, setFound] = useState<{ readonly files: Files; readonly asked: Asked } | undefined>(undefined)
  const texts = tm()
  const read = async (chosen: readonly File[]): Promise<void> => {
    setFound(undefined)
    const files = await readFiles(chosen)
    if (files === undefined) say(texts.wantBoth)
    else await lookAt(files).then(asked => setFound({ files, asked }), sayError)
  }
  const take = async (files: Files): Promise<void> => {
    await takePart(files).then(() => {
      setFound(undefined)
      say(texts.taken)
    }, sayError)
  }
  return (
    <section aria-label={texts.takePart}>
      <h2>{texts.takePart}</h2>
      <p>{texts.takeSays}</p>
      <label class="button">
        {texts.choose}
        <input
          class="aloud"
          type="file"
          multiple
          onChange={event => {
            const chosen = [...(event.currentTarget.files ?? [])]
            event.currentTarget.value = ''
            void read(chosen)
          }}
        />
      </label>
      {found !== undefined && (
        <>
          <h3>{texts.compare}</h3>
          <Definition asked={found.asked} />
          <button type="button" onClick={() => void take(found.files)}>
            {texts.take}
          </button>
        </>
      )}
    </section>
  )
}

function Definition({ asked }: { readonly asked: Asked }): JSX.Element {
  const { election, definition, voters, votes } = asked
  const { standing: words, result } = te()
  const texts = tm()
  return (
    <>
      <p>
        <strong>{definition.title}</strong>
      </p>
      <Facts
        of={[
          [words.election, <code key="id">{election}</code>],
          [words.voters, words.votersOf(count(voters), count(votes))],
          [words.mixers, words.mixersOf(definition.mixers.length, definition.mixes_least)],
          [words.trustees, words.trusteesOf(definition.trustees.length, definition.threshold)],
          [words.quorum, words.quorumOf(definition.quorum)],
          [words.least, count(definition.ballots_least)],
          ...datesOf(definition),
        ]}
      />
      <Table
        caption={texts.questions}
        head={[words.question, texts.options, texts.counted]}
        rows={definition.questions.map((question, i) => [
          `${i + 1}. ${question.text}`,
          optionsOf(question).join(', '),
          `${question.methods.map(method => result.methods[method]).join(', ')}; ${texts.seats(question.seats)}`,
        ])}
      />
    </>
  )
}

function optionsOf(question: Question): readonly string[] {
  if (question.kind !== 'list') return question.options
  return question.lists.map(({ name, candidates }) => [name, ...candidates].join(': '))
}
