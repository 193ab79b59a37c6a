// Die Worte der Seite der Umfragen auf Deutsch.

import type { SurveyTexts } from './en-survey.ts'

const plural = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`

export const survey: SurveyTexts = {
  frame: {
    title: 'Umfrage',
    of: id => `Umfrage ${id}`,
  },
  sections: {
    answer: 'Antworten',
    mine: 'Meine Antwort',
    standing: 'Wie sie steht',
    results: 'Ergebnisse',
  },
  opening: {
    which: 'Welche Umfrage?',
    compare:
      'Der Server sagt, welche es gibt. Nehmen Sie die, deren Kennung Ihnen gesagt wurde: Die Seite weist dann alles zurück, was nicht genau diese Umfrage ist.',
    none: 'Dieser Server hat noch keine Umfrage.',
    looking: 'Die Umfrage wird geöffnet …',
    checking: 'Alles, was das Protokoll bisher sagt, wird geprüft.',
    refused: 'Das ist nicht die Umfrage, nach der gefragt wurde',
    what: 'Nichts wurde gesendet. Vergleichen Sie die Adresse mit Ihrem Brief, und sagen Sie denen, die die Umfrage halten, was geschehen ist.',
  },
  answer: {
    about: least =>
      `Alle sehen, dass Sie geantwortet haben, und niemand, was: Mischer trennen die Antworten von denen, die sie senden. Von weniger als ${least} Menschen wird nichts gezeigt. Ein freier Text kann Sie durch das verraten, was er sagt.`,
    closed: 'Jetzt werden keine Antworten genommen.',
    codeHint: 'Er kam mit Ihrer Einladung: 25 Buchstaben und Ziffern. Er verlässt diesen Browser nicht.',
    welcome: 'Ihr Code gehört zu dieser Umfrage.',
    again: 'Sie haben schon geantwortet. Was Sie jetzt senden, ersetzt es.',
    textRule: most => `Ein Text von höchstens ${plural(most, 'Byte', 'Byte')}.`,
    textLeft: left => `${left} Byte übrig`,
    numberRule: (least, most, decimals, unit) =>
      `Eine Zahl von ${least} bis ${most}${unit === '' ? '' : ` ${unit}`}${
        decimals === 0
          ? ''
          : `, mit höchstens ${plural(decimals, 'Stelle', 'Stellen')} hinter einem Punkt oder Komma`
      }.`,
    isNone: 'Das ist keine.',
    send: 'Meine Antworten senden',
    sending: 'Die Antworten werden versiegelt und übergeben …',
  },
  mine: {
    about:
      'Was aus Ihren Antworten wurde. Solange diese Seite offen ist, sieht sie nach, sendet sie erneut, wo sie verloren gingen, und zeigt allen, wer sie verloren hat.',
    none: 'In diesem Tab wurde nichts geantwortet. Wer einen Beleg aufgehoben hat, sieht damit nach.',
    choose: 'Einen aufgehobenen Beleg wählen',
    steps: {
      queued: { name: 'Wartet', says: 'noch nicht übergeben' },
      accepted: { name: 'Angenommen', says: 'sie stehen im Protokoll' },
      included: { name: 'Dabei', says: 'die Umfrage ist mit ihnen geschlossen' },
      mixed: { name: 'Gemischt', says: 'sie kamen aus dem letzten Mischer' },
      delivered: { name: 'Zugestellt', says: 'wer die Umfrage hält, hat sie' },
    },
    reached: 'erreicht',
    notYet: 'noch nicht',
    replaced: 'Diese Antworten wurden durch spätere mit Ihrem Code ersetzt.',
    keep: 'Den Beleg sichern',
    keepHint:
      'Damit sehen Sie später nach, in jedem Browser. Er enthält Ihre Antworten und Ihren Schlüssel: Behalten Sie ihn für sich, und werfen Sie ihn weg, wenn sie zugestellt sind.',
    anew: 'Erneut antworten',
  },
  standing: {
    survey: 'Umfrage',
    surveyHint: 'diese Kennung steht für alles: Fragen, Mischer und Regeln',
    invited: 'Dürfen antworten',
    answers: 'Antworten',
    stage: 'Stand',
    least: 'Nichts wird gezeigt von weniger als',
    mixers: 'Mischer',
    mixersOf: (all, least, out) =>
      `${all}, von denen ${least} nötig sind${out === 0 ? '' : `; ${out} ausgelassen`}`,
    log: 'Protokoll',
    entries: n => `${n} Einträge, alle hier geprüft`,
    findings: 'Wer bei etwas ertappt wurde, was nicht sein darf',
    stages: {
      founding: 'ihre Mischer legen ihre Kette an',
      open: 'nimmt Antworten',
      closed: 'ist geschlossen, wird gemischt',
      mixed: 'ist gemischt, wartet auf den, der den Schlüssel hat',
      read: 'ist vorbei: Die Antworten wurden genommen',
      'given-up': 'wurde aufgegeben: zu wenige Mischer sind übrig',
    },
  },
  results: {
    about:
      'Für den, der die Umfrage hält. Die Antworten werden in diesem Browser geöffnet und nirgends hin gesendet; der Server erfährt, dass sie genommen wurden, wie es das Protokoll zeigen wird. Wer dem Server das Skript dieser Seite nicht glaubt, nimmt chaffinch survey collect und wählt hier, was das aufgehoben hat.',
    key: 'Den Schlüssel wählen, der die Antworten öffnet',
    answers: 'Antworten wählen, die chaffinch survey collect aufgehoben hat',
    waits: seconds =>
      `Noch kam nichts heraus, oder die Teilnehmenden sollen noch nachsehen, ob ihres verloren ging (${seconds}). Diese Seite macht weiter.`,
    by: 'Gruppen nach',
    byHint:
      'Wer zwei Ergebnisse mit verschiedenen Gruppen sieht, kann das eine vom anderen abziehen: Veröffentlichen Sie eines.',
    noGroups: 'keine Gruppen',
    sums: (participants, invited, invalid) =>
      `${participants} von ${invited} haben geantwortet${invalid === 0 ? '' : `, ${invalid} mit etwas, was keine Antwort ist`}.`,
    nothing: least => `Weniger als ${least}: Nichts wird gezeigt.`,
    few: 'zu wenige',
    noAnswer: 'keine Antwort',
    item: 'Was',
    figure: 'Zahl',
    items: {
      answered: 'beantwortet',
      blank: 'leer gelassen',
      text: 'Text',
      sum: 'Summe',
      mean: 'Mittel',
      median: 'Median',
    },
    groupOf: (name, participants) => `${name}: ${participants}`,
  },
  failures: {
    UNREACHABLE: 'Der Server antwortet nicht.',
    UNKNOWN: 'Der Server hat keine solche Umfrage.',
    OTHER: 'Der Server gibt unter dieser Kennung eine andere Umfrage. Antworten Sie hier nicht.',
    LIED: 'Der Server zeigt, worauf sich die Mischer dieser Umfrage nicht geeinigt haben. Antworten Sie hier nicht.',
    BAD_CODE: 'Das ist kein Code und kein Schlüssel dieser Umfrage.',
    BAD_ANSWER: 'Eine Antwort ist keine, die ihre Frage erlaubt.',
    BAD_DEFINITION: 'Diese Frage macht keine Gruppen.',
    BAD_FOLDER: 'Es ist nicht, was es sein soll.',
    NOT_OPEN: 'Jetzt werden keine Antworten genommen.',
    NOT_TAKEN: 'Der Server hat es nicht genommen. Antworten Sie erneut.',
  },
}
