// A question, and the place for its answer: every kind by the browser's own fields, so that a keyboard suffices.

import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import { namesOf, type Question } from '../../voting/index.ts'
import { Check } from '../parts/field.tsx'
import { type Draft, isTwice } from './draft.ts'
import { te } from './texts.ts'
import { ruleOf } from './words.ts'

interface QuestionFormProps {
  readonly question: Question
  /** From 0 on. */
  readonly at: number
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
}

export function QuestionForm({ question, at, draft, onChange }: QuestionFormProps): JSX.Element {
  const change = (part: Partial<Draft>): void => onChange({ ...draft, ...part })
  const id = useId()
  return (
    <fieldset class="question" aria-describedby={`${id}-rule`}>
      <legend>
        {at + 1}. {question.text}
      </legend>
      <p id={`${id}-rule`} class="quiet">
        {ruleOf(question)}
      </p>
      <Fields question={question} draft={draft} change={change} name={id} />
      {question.blank && (
        <Check label={te().vote.blank} checked={draft.blank} onChange={blank => change({ blank })} />
      )}
    </fieldset>
  )
}

interface FieldsProps {
  readonly question: Question
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly name: string
}

function Fields({ question, draft, change, name }: FieldsProps): JSX.Element {
  switch (question.kind) {
    case 'choose':
      return (
        <>
          <Options
            names={question.options}
            isOne={question.max === 1 && question.write_ins === 0}
            name={name}
            chosen={draft.chosen}
            isOff={draft.blank}
            onChange={chosen => change({ chosen })}
          />
          {question.write_ins > 0 && (
            <WriteIns most={question.write_ins} draft={draft} onChange={written => change({ written })} />
          )}
        </>
      )
    case 'list': {
      const list = draft.list === undefined ? undefined : question.lists[draft.list]
      return (
        <>
          <Options
            names={namesOf(question)}
            isOne
            name={name}
            chosen={draft.list === undefined ? [] : [draft.list]}
            isOff={draft.blank}
            onChange={([chosen]) => change({ list: chosen, preferred: [] })}
          />
          {list !== undefined && list.candidates.length > 0 && question.preferences > 0 && (
            <fieldset>
              <legend>{te().vote.candidatesOf(list.name, question.preferences)}</legend>
              <Options
                names={list.candidates}
                isOne={false}
                name={`${name}-of`}
                chosen={draft.preferred}
                isOff={draft.blank}
                onChange={preferred => change({ preferred })}
              />
            </fieldset>
          )}
        </>
      )
    }
    default:
      return (
        <ul class="values">
          {question.options.map((option, i) => (
            <li key={option}>
              <Value
                question={question}
                draft={draft}
                option={i}
                onChange={value =>
                  change({ values: draft.values.map((old, at) => (at === i ? value : old)) })
                }
              />
            </li>
          ))}
        </ul>
      )
  }
}

interface OptionsProps {
  readonly names: readonly string[]
  /** One of them, or several. */
  readonly isOne: boolean
  readonly name: string
  readonly chosen: readonly number[]
  readonly isOff: boolean
  readonly onChange: (chosen: readonly number[]) => void
}

function Options({ names, isOne, name, chosen, isOff, onChange }: OptionsProps): JSX.Element {
  const toggle = (option: number, isOn: boolean): void => {
    const others = chosen.filter(each => each !== option)
    onChange(isOne ? [option] : isOn ? [...others, option] : others)
  }
  return (
    <>
      {names.map((option, i) => (
        <label key={option} class="choice">
          <input
            type={isOne ? 'radio' : 'checkbox'}
            name={name}
            checked={chosen.includes(i)}
            disabled={isOff}
            onChange={event => toggle(i, event.currentTarget.checked)}
          />
          <span>{option}</span>
        </label>
      ))}
    </>
  )
}

interface WriteInsProps {
  readonly most: number
  readonly draft: Draft
  readonly onChange: (written: readonly string[]) => void
}

/** As many places as are filled, and one more. */
function WriteIns({ most, draft, onChange }: WriteInsProps): JSX.Element {
  const id = useId()
  const { written, blank } = draft
  const filled = written.filter(text => text !== '').length
  return (
    <>
      {Array.from({ length: Math.min(most, filled + 1) }, (_, i) => (
        <div key={i} class="field">
          <label for={`${id}-${i}`}>{te().vote.writeIn(i + 1)}</label>
          <input
            id={`${id}-${i}`}
            type="text"
            autocomplete="off"
            maxLength={60}
            disabled={blank}
            value={written[i] ?? ''}
            onInput={event => {
              const all = [...written]
              all[i] = event.currentTarget.value
              onChange(Array.from(all, text => text ?? ''))
            }}
          />
        </div>
      ))}
    </>
  )
}

interface ValueProps {
  readonly question: Exclude<Question, { kind: 'choose' | 'list' }>
  readonly draft: Draft
  readonly option: number
  readonly onChange: (value: number | undefined) => void
}

/** A rank, score or grade of an option, by a list that opens. */
function Value({ question, draft, option, onChange }: ValueProps): JSX.Element {
  const id = useId()
  const { options } = question
  const names = valuesOf(question)
  const value = draft.values[option]
  const isWrong = isTwice(question, draft, option)
  return (
    <>
      <label for={id}>{options[option]}</label>
      <select
        id={id}
        disabled={draft.blank}
        value={value === undefined ? '' : String(value)}
        aria-invalid={isWrong}
        onChange={event => {
          const chosen = event.currentTarget.value
          onChange(chosen === '' ? undefined : Number(chosen))
        }}
      >
        <option value="">{question.kind === 'rank' ? te().vote.noRank : te().vote.choose}</option>
        {names.map(([number, name]) => (
          <option key={number} value={String(number)}>
            {name}
          </option>
        ))}
      </select>
      {isWrong && <span class="bad">{te().vote.twice}</span>}
    </>
  )
}

function valuesOf(
  question: Exclude<Question, { kind: 'choose' | 'list' }>,
): readonly (readonly [value: number, name: string])[] {
  switch (question.kind) {
    case 'rank':
      return question.options.map((_, i) => [i + 1, te().vote.rank(i + 1)] as const)
    case 'score':
      return Array.from({ length: question.most + 1 }, (_, i) => [i, String(i)] as const)
    case 'grade':
      return question.grades.map((grade, i) => [i, grade] as const)
  }
}
