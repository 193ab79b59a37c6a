// chaffinch/voting: elections on a cascade that anybody can check (docs/spec/voting.md).

export { type Answer, decodeAnswer, encodeAnswer, widthOf } from './answer.ts'
export { Booth, type BoothParts, isCastToo } from './booth.ts'
export {
  type AnswerContext,
  answerIn,
  type OpenedBallot,
  openedBallot,
  openedFormat,
  readOpened,
  sealAnswer,
  writeOpened,
} from './challenge.ts'
export { drawCode, readCode, voterOf } from './credential.ts'
export {
  type Definition,
  definitionFormat,
  electionId,
  hasTimes,
  ownersOf,
  parseDefinition,
  readDefinition,
  writeDefinition,
} from './definition.ts'
export { VotingError, type VotingErrorCode } from './error.ts'
export {
  type Check,
  checks,
  type FolderFiles,
  fileNames,
  makeFolder,
  type Verification,
  verifyFolder,
} from './folder.ts'
export {
  type Chain,
  chainsOf,
  demandRoll,
  type ElectionKey,
  type PeerPlace,
  peerText,
  placesToFound,
  type Roll,
} from './founding.ts'
export { Opening } from './opening.ts'
export {
  answersOf,
  ballotsOf,
  courseOf,
  doorOf,
  type QuestionResult,
  type Result,
  resultOf,
  writeResult,
} from './outcome.ts'
export { resultPage } from './page.ts'
export {
  type ChooseQuestion,
  type GradeQuestion,
  type ListQuestion,
  type Method,
  methodsOf,
  namesOf,
  type Question,
  type RankQuestion,
  readQuestion,
  type ScoreQuestion,
} from './question.ts'
export {
  type Fate,
  fateOf,
  readReceipt,
  receiptFormat,
  trackerOf,
  trackerOfReceipt,
  type VoteReceipt,
  writeReceipt,
} from './receipt.ts'
export { readRoll, writeRoll } from './roll.ts'
export { type Stage, type Standing, standingOf, type Wanted } from './standing.ts'
export { decodeAnswers, encodeAnswers, readNumber, type SurveyAnswer } from './survey/answers.ts'
export { type Collected, readCollected, writeCollected } from './survey/collected.ts'
export {
  answerBytes,
  bodyBytesOf,
  formFormat,
  type NumberQuestion,
  parseForm,
  readForm,
  type SurveyForm,
  type SurveyQuestion,
  surveyId,
  type TextQuestion,
  writeForm,
} from './survey/form.ts'
export { surveyPage } from './survey/page.ts'
export {
  type Figures,
  type Group,
  groupName,
  type QuestionFigures,
  resultsFormat,
  resultsJson,
  resultsOf as surveyResultsOf,
  resultsTable as surveyTable,
  rowsOf,
  type SurveyResults,
} from './survey/results.ts'
export { hasAnswered, type SurveyStage, type SurveyStanding, surveyStanding } from './survey/standing.ts'
export {
  answersOf as surveyAnswersOf,
  participantOf,
  participantSeed,
  recipientOfSurvey,
  Survey,
} from './survey/survey.ts'
export { answerRecipient, answerSender, keepParticipant, type SurveyPartParts } from './survey/taking.ts'
export { countRows, resultTable } from './table.ts'
export { type Count, count } from './tally/count.ts'
