/**
 * The public API of callsql: SQL that can call AI models. The command line and the server use nothing else.
 *
 * ```ts
 * import { openSession } from "callsql";
 * await using session = await openSession({ database: "tickets.db", connection: "openai" });
 * const result = await session.execute("CALL GenerateResponse(:Message)", { Message: "hi" });
 * for await (const row of result) console.log(row.Response_Result);
 * ```
 */
export { openSession, type SessionOptions } from "./open-session.ts";
export type { Script, ScriptRehearsal, ScriptStatement, Session } from "./runtime/session.ts";
export type { PreparedStatement, BindDescription } from "./runtime/prepared-statement.ts";
export {
  estimateCells,
  estimateColumns,
  type CallEstimate,
  type ExplainOptions,
  type Explanation,
} from "./runtime/explain-calls.ts";
export { uniqueNames, type ResultSet, type ResultColumn } from "./runtime/result-set.ts";
export { verifyLedger, type LedgerDamage, type LedgerReport } from "./runtime/ledger/verify.ts";
export type { LedgerPart, LedgerProblem } from "./diagnostics/messages/ledger.ts";
export type { Run, RunStatus } from "./runtime/ledger/runs.ts";
export type { CallAloneOptions } from "./runtime/call-alone.ts";
export type { CallDesk, CallOrder, Delivery } from "./runtime/call-desk.ts";
export type { Answer } from "./runtime/memo.ts";
export type { Counts, ForEachCounts, ForEachProgress, Progress } from "./runtime/counts.ts";
export type { ForEach, ForEachOptions } from "./runtime/for-each.ts";
export type { Rows } from "./runtime/for-each-flow.ts";
export { behaviors } from "./runtime/for-each-output.ts";
export type { Added, Behavior, Beside, ForEachOutput } from "./runtime/for-each-output.ts";
export type { ResultColumns, RowOf } from "./runtime/row-of.ts";
/* By *, so that a user's module augmentation reaches it. */
export type * from "./catalog/procedure-rows.ts";
export type { Confinement } from "./runtime/confine.ts";
export type { ExecuteOptions } from "./runtime/run-input.ts";
export type { Binds, BindValue } from "./runtime/values.ts";
export type { Arguments, ArgumentValue, ColumnType, SqlValue } from "./catalog/value.ts";
export type { ImportedRows, ImportOptions } from "./runtime/import-rows.ts";
export { defineProcedure } from "./catalog/define.ts";
export type {
  ArgumentsOf,
  CallContext,
  ColumnDefinitions,
  Definition,
  ParameterDefinitions,
  Reading,
  Rule,
} from "./catalog/definition.ts";
export { signatureOf } from "./catalog/describe.ts";
export { pseudoParametersOf } from "./catalog/pseudo-parameters.ts";
export { imageSize, sniff, type ImageSize, type Media, type MediaKind } from "./catalog/media.ts";
export { systemTables, type SystemColumn } from "./catalog/system-tables.ts";
export type { Model, ModelData, ModelTable, Usage } from "./catalog/models.ts";
export type {
  CallError,
  CallResult,
  CallWarning,
  CellValue,
  Column,
  ColumnDefinition,
  Defaults,
  Outcome,
  Overload,
  PackRule,
  Parameter,
  ParameterDefinition,
  ParameterType,
  PrepareContext,
  Prepared,
  Procedure,
  Row,
} from "./catalog/procedure.ts";
export type {
  ApiAnswer,
  ApiFailure,
  ApiRequest,
  Connection,
  ConnectionFacts,
  ConnectionModels,
  Endpoint,
  ListedModel,
  ModelListing,
  RateLimit,
  RateWindow,
  SendOptions,
  SendOutcome,
  StoredFile,
  Upload,
} from "./catalog/request.ts";
export {
  embeddingIn,
  isJsonObject,
  jsonOf,
  jsonOfCell,
  jsonOfEmbedding,
  jsonOfNumber,
  jsonOfSql,
  jsonOfText,
  parseJson,
  sqlValueOfJson,
  type ColumnForm,
  type JsonObject,
} from "./catalog/json.ts";
export type { Azure } from "./connection/azure.ts";
export type { Environment } from "./connection/config-folder.ts";
export {
  checkConnection,
  type CheckOptions,
  type ConnectionCheck,
  type EndpointCheck,
} from "./connection/check.ts";
export {
  addConnection,
  checkProfile,
  describeConnection,
  listConnections,
  loginConnection,
  logoutConnection,
  projectProfiles,
  removeConnection,
  setDefaultConnection,
  trustProjectProfiles,
} from "./connection/connections.ts";
export type { LoginOptions, LoginStep } from "./connection/oauth/login.ts";
export type { AddOptions, ConnectionSummary } from "./connection/profiles/manage.ts";
export type { ConnectionPlace } from "./connection/profiles/profile-book.ts";
export type { ProfileDraft } from "./connection/profiles/profile.ts";
export type { ProjectFile } from "./connection/profiles/project-file.ts";
export type { Setting } from "./connection/profiles/settings.ts";
export type { OpenAIConnectionOptions } from "./connection/openai.ts";
export type { FetchConnection } from "./connection/own-connection.ts";
export {
  installOfflineParts,
  listOfflineParts,
  type InstallOptions,
  type OfflinePartStatus,
} from "./connection/offline/install.ts";
export {
  DiagnosticError,
  diagnostic,
  fail,
  type Diagnostic,
  type Place,
  type Related,
  type Severity,
  warning,
} from "./diagnostics/diagnostic.ts";
export type { CallCode } from "./catalog/problem.ts";
export type { Code, Details } from "./diagnostics/messages.ts";
export { exitCodeOf } from "./diagnostics/exit-code.ts";
export { noteText, type NoteDetails, type NoteName } from "./diagnostics/messages/notes.ts";
export { hintOverHttp } from "./diagnostics/messages/serve.ts";
export { renderDiagnostic } from "./diagnostics/render.ts";
export { holdsKey } from "./diagnostics/secret-text.ts";
export type { Source, Span } from "./diagnostics/source.ts";
export { makeFolder } from "./runtime/make-folder.ts";
export { systemCodeOf, systemReasonOf } from "./diagnostics/system-error.ts";
export { suggest } from "./diagnostics/suggest.ts";
export { isComplete } from "./parser/complete.ts";
export { highlight, sqlKeywords, type HighlightedSpan, type TokenRole } from "./parser/highlight.ts";
export { procedures } from "./procedures/index.ts";
export { version } from "./version.ts";
