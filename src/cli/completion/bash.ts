/** Completion for bash 3.2 and newer, as macOS still has it: `source <(callsql completion bash)`. */
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

export function bashScript(vocabulary: Vocabulary): string {
  const commands = topCommands(vocabulary).map(({ name }) => name);
  const cases = commands.map((name) => {
    const flags = flagsOf(optionsOf(name, vocabulary));
    return `    ${name}) options="${flags}" words="${argumentWords(name, vocabulary).join(" ")}" ;;`;
  });
  return `# Completion of callsql for bash. In ~/.bashrc: source <(callsql completion bash)
_callsql() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} name= command= word options words
  COMPREPLY=()
  # bash makes a word of its own of the = in Model=gpt.
  if [[ $current == "=" ]]; then
    current= name=$before
  elif [[ $before == "=" ]]; then
    name=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $name == Model || $name == model ]]; then
    _callsql_words "${vocabulary.models.join(" ")}"
    return
  fi
  case \${name:-$before} in
${valueCases(vocabulary)}
  esac
  if [[ -n $name ]]; then
    _callsql_files -f
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${commands.join("|")}) command=$word; break ;; esac
  done
  if [[ $command == connect && $before =~ ^(${connectionVerbs.join("|")})$ && $current != -* ]]; then
    _callsql_words "$(${connectionNames})"
    return
  fi
  case $command in
${cases.join("\n")}
    *) options="${flagsOf(optionsOf("", vocabulary))}" words="${commands.join(" ")}" ;;
  esac
  if [[ $current == -* ]]; then
    _callsql_words "$options"
    return
  fi
  _callsql_words "$words"
  [[ $command == procedures || $command == completion ]] || _callsql_files -f
}

_callsql_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

_callsql_files() {
  local IFS=$'\\n'
  COMPREPLY+=($(compgen "$1" -- "$current"))
  compopt -o filenames 2>/dev/null
}

complete -F _callsql callsql
`;
}

function flagsOf(options: readonly OptionEntry[]): string {
  return options.map(({ long }) => long).join(" ");
}

function valueCases(vocabulary: Vocabulary): string {
  const options = vocabulary.commands.flatMap((command) => command.options);
  const known = new Map(options.map((option) => [option.long, option]));
  return [...known.values()]
    .filter(({ value }) => value !== undefined)
    .map((option) => {
      const flags = option.short === undefined ? option.long : `${option.short}|${option.long}`;
      return `    ${flags}) ${action(valuesOf(option, vocabulary))}return ;;`;
    })
    .join("\n");
}

function action(values: Values): string {
  switch (values.kind) {
    case "words":
      return `_callsql_words "${values.words.join(" ")}"; `;
    case "connections":
      return `_callsql_words "$(${connectionNames})"; `;
    case "files":
      return "_callsql_files -f; ";
    case "folders":
      return "_callsql_files -d; ";
    case "any":
      return "";
  }
}
