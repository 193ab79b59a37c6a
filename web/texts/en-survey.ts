// The words of the page of surveys in English. German has the same ones: the compiler says which are missing.

const plural = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`

export const survey = {
  frame: {
    title: 'Survey',
    of: (id: string) => `survey ${id}`,
  },
  sections: {
    answer: 'Answer',
    mine: 'My answer',
    standing: 'How it stands',
    results: 'Results',
  },
  opening: {
    which: 'Which survey?',
    compare:
      'The server says which there are. Take the one whose id you were told: the page then refuses everything that is not just that survey.',
    none: 'This server has no survey yet.',
    looking: 'The survey is opened …',
    checking: 'Everything that the log says so far is checked.',
    refused: 'This is not the survey that was asked for',
    what: 'Nothing was sent. Compare the address with your letter, and tell whoever holds the survey what happened.',
  },
  answer: {
    about: (least: number) =>
      `Everybody sees that you have answered, and nobody what: mixers take answers apart from who sent them. Nothing is shown of fewer than ${least} people. A free text can give you away by what it says.`,
    closed: 'No answers are taken now.',
    codeHint: 'It came with your invitation: 25 letters and digits. It does not leave this browser.',
    welcome: 'Your code is one of this survey.',
    again: 'You have answered already. What you send now replaces it.',
    textRule: (most: number) => `A text of at most ${plural(most, 'byte', 'bytes')}.`,
    textLeft: (left: string) => `${left} bytes left`,
    numberRule: (least: string, most: string, decimals: number, unit: string) =>
      `A number from ${least} to ${most}${unit === '' ? '' : ` ${unit}`}${
        decimals === 0 ? '' : `, with at most ${plural(decimals, 'decimal', 'decimals')} behind a point`
      }.`,
    isNone: 'This is none.',
    send: 'Send my answers',
    sending: 'The answers are sealed and handed in …',
  },
  mine: {
    about:
      'What became of your answers. This page looks on while it is open, sends them again where they were lost, and shows everybody who lost them.',
    none: 'Nothing was answered in this tab. Whoever has kept a receipt looks with it.',
    choose: 'Choose a receipt that you have kept',
    steps: {
      queued: { name: 'Waits', says: 'not handed in yet' },
      accepted: { name: 'Accepted', says: 'the log has them' },
      included: { name: 'Included', says: 'the survey is closed with them' },
      mixed: { name: 'Mixed', says: 'they came out of the last mixer' },
      delivered: { name: 'Delivered', says: 'whoever holds the survey has them' },
    },
    reached: 'reached',
    notYet: 'not yet',
    replaced: 'These answers were replaced by later ones with your code.',
    keep: 'Save the receipt',
    keepHint:
      'With it you look later, from any browser. It holds your answers and your key: keep it to yourself, and throw it away when they are delivered.',
    anew: 'Answer again',
  },
  standing: {
    survey: 'Survey',
    surveyHint: 'this id names all of it: questions, mixers and rules',
    invited: 'May answer',
    answers: 'Answers',
    stage: 'State',
    least: 'Nothing is shown of fewer than',
    mixers: 'Mixers',
    mixersOf: (all: number, least: number, out: number) =>
      `${all}, of whom ${least} are needed${out === 0 ? '' : `; ${out} left out`}`,
    log: 'Log',
    entries: (n: string) => `${n} entries, all checked here`,
    findings: 'Who was found doing what they may not',
    stages: {
      founding: 'its mixers are making its chain',
      open: 'takes answers',
      closed: 'is closed, is mixed',
      mixed: 'is mixed, waits for whoever holds the key',
      read: 'is over: the answers were taken',
      'given-up': 'was given up: too few mixers are left',
    },
  },
  results: {
    about:
      'For whoever holds the survey. The answers are opened in this browser and sent nowhere; the server hears that they were taken, as the log will show. Whoever does not trust the server with the script of this page uses chaffinch survey collect, and chooses what that has kept.',
    key: 'Choose the key that opens the answers',
    answers: 'Choose answers that chaffinch survey collect has kept',
    waits: (seconds: string) =>
      `Nothing has come out yet, or its participants have still to look whether theirs was lost (${seconds}). This page goes on.`,
    by: 'Groups by',
    byHint:
      'Who sees two results of different groupings can subtract one from the other: publish one of them.',
    noGroups: 'no groups',
    sums: (participants: string, invited: string, invalid: number) =>
      `${participants} of ${invited} have answered${invalid === 0 ? '' : `, ${invalid} with what is no answer`}.`,
    nothing: (least: number) => `Fewer than ${least}: nothing is shown.`,
    few: 'too few',
    noAnswer: 'no answer',
    item: 'Item',
    figure: 'Figure',
    items: {
      answered: 'answered',
      blank: 'left blank',
      text: 'text',
      sum: 'sum',
      mean: 'mean',
      median: 'median',
    },
    groupOf: (name: string, participants: string) => `${name}: ${participants}`,
  },
  failures: {
    UNREACHABLE: 'The server does not answer.',
    UNKNOWN: 'The server has no such survey.',
    OTHER: 'The server gives another survey under this id. Do not answer here.',
    LIED: 'The server shows what the mixers of this survey have not agreed on. Do not answer here.',
    BAD_CODE: 'This is no code or key of this survey.',
    BAD_ANSWER: 'An answer is not one that its question allows.',
    BAD_DEFINITION: 'This question makes no groups.',
    BAD_FOLDER: 'It is not what it should be.',
    NOT_OPEN: 'No answers are taken now.',
    NOT_TAKEN: 'The server did not take it. Answer again.',
  },
}

export type SurveyTexts = typeof survey
