/** Completion for zsh: a file `_callsql` on the fpath, or `source <(callsql completion zsh)` behind compinit. */
import type { OptionEntry } from "../command-table.ts";
import {
  argumentWords,
  connectionNames,
  connectionVerbs,
  optionsOf,
  topCommands,
  valuesOf,
  type Values,
  type Vocabulary,
} from "./vocabulary.ts";

export function zshScript(vocabulary: Vocabulary): string {
  const commands = topCommands(vocabulary);
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name }) => {
    const words = argumentWords(name, vocabulary);
    const others = name === "procedures" || name === "completion" ? "" : "_files";
    const add =
      words.length === 0 ? others : `compadd -- ${words.join(" ")}${others === "" ? "" : `; ${others}`}`;
    return `        ${name}) ${add === "" ? ":" : add} ;;`;
  });
  const own = commands.map(
    ({ name }) => `    ${name}) options=(\n${specs(optionsOf(name, vocabulary), vocabulary)}\n    ) ;;`,
  );
  return `#compdef callsql
# Completion of callsql for zsh. Behind compinit: source <(callsql completion zsh)
_callsql() {
  local command word state
  local -a commands options
  commands=(
${described.join("\n")}
  )
  for word in \${words[2,CURRENT-1]}; do
    case $word in ${commands.map(({ name }) => name).join("|")}) command=$word; break ;; esac
  done
  case $command in
${own.join("\n")}
    *) options=(
${specs(optionsOf("", vocabulary), vocabulary)}
    ) ;;
  esac
  _arguments -s $options '*: :->argument'
  if [[ $state == argument ]]; then
    if [[ $command == connect && $words[CURRENT-1] == (${connectionVerbs.join("|")}) ]]; then
      _callsql_connections
      return
    fi
    case $command in
${cases.join("\n")}
        *) _describe command commands; _files ;;
    esac
  fi
}

_callsql_connections() { compadd -- \${(f)"$(${connectionNames})"} }

# NAME=VALUE: the names, then models behind Model=, else files.
_callsql_assignment() {
  if compset -P '(#i)model='; then
    compadd -- ${vocabulary.models.join(" ")}
  elif compset -P '*='; then
    _files
  else
    compadd -S '' -- "$@"
  fi
}

if [[ $funcstack[1] == _callsql ]]; then _callsql "$@"; else compdef _callsql callsql; fi
`;
}

function specs(options: readonly OptionEntry[], vocabulary: Vocabulary): string {
  return options
    .flatMap((option) => {
      const help = option.summary.replaceAll(/[[\]:\\]/g, (char) => `\\${char}`);
      const value = option.value === undefined ? "" : `:${option.value.replaceAll(":", " ")}:`;
      const action = value === "" ? "" : actionOf(valuesOf(option, vocabulary));
      const flags = option.short === undefined ? [option.long] : [option.short, option.long];
      return flags.map((flag) => `      ${quoted(`*${flag}[${help}]${value}${action}`)}`);
    })
    .join("\n");
}

function actionOf(values: Values): string {
  switch (values.kind) {
    case "words":
      return values.words.some((word) => word.endsWith("="))
        ? `_callsql_assignment ${values.words.join(" ")}`
        : `(${values.words.join(" ")})`;
    case "connections":
      return "_callsql_connections";
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "any":
      return " ";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
