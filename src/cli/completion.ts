/** Completion scripts for shells, generated from the commands themselves. */
import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What may follow a command. */
interface Place {
  /** The words up to here: `rekey client create`. */
  readonly path: string;
  readonly candidates: readonly Candidate[];
  readonly takesFile: boolean;
}

export function completionScript(shell: Shell, program: Command): string {
  return scripts[shell](placesIn(program, program.name()));
}

function placesIn(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const options = help.visibleOptions(command).filter(({ long }) => long != null);
  return [
    {
      path,
      candidates: [
        ...commands.map((one) => ({ word: one.name(), description: one.description() })),
        ...options.map(({ long, description }) => ({ word: long!, description })),
      ],
      takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
    },
    ...commands.flatMap((one) => placesIn(one, `${path} ${one.name()}`)),
  ];
}

/** In single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const quotedForFish = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;

/** The commands below the program, as patterns of `case`. */
const commandsOf = (places: readonly Place[]): string =>
  places
    .slice(1)
    .map(({ path }) => quoted(path))
    .join(' | ');

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: (places) => `# rekey: completion for bash. Load it with: source <(rekey completion bash)
_rekey() {
  local at=rekey word candidates=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in ${commandsOf(places)}) at="$at $word" ;; esac
  done
  case "$at" in
${places.map(({ path, candidates }) => `    ${quoted(path)}) candidates=${quoted(candidates.map(({ word }) => word).join(' '))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rekey rekey
`,
  zsh: (places) => `#compdef rekey
# rekey: completion for zsh. Load it after compinit with: source <(rekey completion zsh)
_rekey() {
  local at=rekey word
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in ${commandsOf(places)}) at="$at $word" ;; esac
  done
  case "$at" in
${places.map(({ path, candidates }) => `    ${quoted(path)}) candidates=(${candidates.map(({ word, description }) => quoted(`${word}:${description}`)).join(' ')}) ;;`).join('\n')}
  esac
  _describe rekey candidates || _files
}
compdef _rekey rekey
`,
  fish: (places) => `# rekey: completion for fish. Load it with: rekey completion fish | source
set -g __rekey_commands ${places.map(({ path }) => quotedForFish(path)).join(' ')}
function __rekey_at
  set -l at rekey
  for word in (commandline -opc)[2..-1]
    contains -- "$at $word" $__rekey_commands; and set at "$at $word"
  end
  test "$at" = "$argv[1]"
end
complete -c rekey -f
${places.map(fishLines).join('\n')}
`,
};

function fishLines({ path, candidates, takesFile }: Place): string {
  const here = `complete -c rekey -n ${quotedForFish(`__rekey_at ${quotedForFish(path)}`)}`;
  const lines = candidates.map(
    ({ word, description }) => `${here} -a ${quotedForFish(word)} -d ${quotedForFish(description)}`,
  );
  return [...lines, ...(takesFile ? [`${here} -F`] : [])].join('\n');
}
