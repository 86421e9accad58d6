"""Completion scripts for bash, zsh and fish, made of the grammar of the command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from s3syncd.cli.grammar import Grammar, Option

__all__ = ["SCRIPTS"]

_FILES: Final = {"FILE": "file", "DIR": "directory"}
"""Values that are paths; every other value is only known to who types it."""

_COLON: Final = "\\:"

_BASH = """\
# Completion of s3syncd for bash 3.2 or newer. In ~/.bashrc:
#   source <(s3syncd completion bash)
_s3syncd() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local command= config= options= words= has_sites= index name
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      -c|--config|-config) ((index++)); config=${COMP_WORDS[index]/#\\~/$HOME} ;;
      @values@) ((index++)) ;;
      -*) ;;
      *) command=${command:-${COMP_WORDS[index]}} ;;
    esac
  done
  COMPREPLY=()
  case $previous in
@paths@
    @values@) return ;;
  esac
  case $command in
@commands@
  esac
  while IFS= read -r name; do COMPREPLY+=("$name"); done \\
    < <(compgen -W "$([[ $current == -* ]] && echo "$options" || echo "$words")" -- "$current")
  [[ -n $has_sites && $current != -* ]] || return 0
  while IFS= read -r name; do
    [[ $name == "$current"* ]] && COMPREPLY+=("$(printf %q "$name")")
  done < <("${COMP_WORDS[0]}" ${config:+-c "$config"} completion sites 2>/dev/null)
  return 0
}
complete -F _s3syncd s3syncd
"""

_ZSH = """\
#compdef s3syncd
# Completion of s3syncd for zsh. In ~/.zshrc, after compinit:
#   source <(s3syncd completion zsh)
# or as the file _s3syncd in a directory of $fpath.
_s3syncd_sites() {
  local -a config names
  local index=${all[(I)(-c|--config|-config)]}
  (( index )) && config=(-c ${(e)~all[index + 1]})
  names=(${(f)"$(${(Q)all[1]} $config completion sites 2>/dev/null)"})
  compadd -a names
}
_s3syncd() {
  local curcontext=$curcontext state line
  local -a all=("${words[@]}") commands
  typeset -A opt_args
  _arguments -C \\
@options@
    '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      commands=(
@summaries@
      )
      _describe -t commands command commands ;;
    argument)
      case $words[1] in
@commands@
      esac ;;
  esac
}
if [[ $funcstack[1] == _s3syncd ]]; then _s3syncd "$@"; else compdef _s3syncd s3syncd; fi
"""

_FISH = """\
# Completion of s3syncd for fish:
#   s3syncd completion fish > ~/.config/fish/completions/s3syncd.fish
function __s3syncd_command
    set -l is_value 0
    for word in (commandline -opc)[2..-1]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $word
            case @values@
                set is_value 1
            case '-*'
            case '*'
                echo $word
                return 0
        end
    end
    return 1
end
function __s3syncd_is
    test (__s3syncd_command; or echo) = $argv[1]
end
function __s3syncd_sites
    set -l words (commandline -opc)
    set -l config
    for index in (seq (count $words))
        if contains -- $words[$index] -c --config -config; and test $index -lt (count $words)
            set config -c (string replace -r '^~' $HOME $words[(math $index + 1)])
        end
    end
    $words[1] $config completion sites 2>/dev/null
end
complete -c s3syncd -f
"""


def _bash(known: Grammar) -> str:
    commands = [
        f"    '') options={_words(_names(known.options))}; "
        f"words={_words(each.name for each in known.commands)} ;;"
    ]
    for each in known.commands:
        parts = [f"options={_words(_names(each.options))}"]
        parts += [f"words={_words(each.words)}"] if each.words else []
        parts += ["has_sites=1"] if each.takes_site else []
        commands.append(f"    {each.name}) {'; '.join(parts)} ;;")
    return _filled(_BASH, {
        "values": "|".join(known.with_value),
        "paths": "\n".join(_bash_paths(known)),
        "commands": "\n".join(commands),
    })  # fmt: skip


def _bash_paths(known: Grammar) -> Iterator[str]:
    for value, kind in _FILES.items():
        if names := [name for option in _every(known) if option.value == value
                     for name in option.names]:  # fmt: skip
            take = f'< <(compgen -A {kind} -- "$current")'
            yield (
                f"    {'|'.join(dict.fromkeys(names))}) compopt -o filenames 2>/dev/null;"
                f' while IFS= read -r name; do COMPREPLY+=("$name"); done {take}; return ;;'
            )


def _zsh(known: Grammar) -> str:
    commands = []
    for each in known.commands:
        last = ["'1:site:_s3syncd_sites'"] if each.takes_site else []
        last += [f"'1:word:({' '.join(each.words)})'"] if each.words else []
        specs = " \\\n            ".join([*map(_zsh_option, each.options), *last])
        commands.append(f"        {each.name}) _arguments \\\n            {specs} ;;")
    told = [f"{each.name}:{each.summary.replace(':', _COLON)}" for each in known.commands]
    summaries = [f"        {shlex.quote(each)}" for each in told]
    return _filled(_ZSH, {
        "options": "\n".join(f"    {_zsh_option(each)} \\" for each in known.options),
        "summaries": "\n".join(summaries),
        "commands": "\n".join(commands),
    })  # fmt: skip


def _zsh_option(option: Option) -> str:
    said = option.summary.translate({ord(letter): f"\\{letter}" for letter in "\\[]:"})
    take = {"file": "_files", "directory": "_files -/"}.get(_FILES.get(option.value, ""), " ")
    value = f":{option.value}:{take}" if option.value else ""
    others = f"({' '.join(option.names)})"
    return " ".join(shlex.quote(f"{others}{name}[{said}]{value}") for name in option.names)


def _fish(known: Grammar) -> str:
    lines = [_filled(_FISH, {"values": " ".join(known.with_value)})]
    condition = "-n 'not __s3syncd_command'"
    lines += [f"complete -c s3syncd {condition} {_fish_option(each)}\n" for each in known.options]
    for each in known.commands:
        summary = _fish_quoted(each.summary)
        lines.append(f"complete -c s3syncd {condition} -a {each.name} -d {summary}\n")
    for each in known.commands:
        start = f"complete -c s3syncd -n '__s3syncd_is {each.name}'"
        lines += [f"{start} {_fish_option(option)}\n" for option in each.options]
        if each.words:
            lines.append(f"{start} -a {_fish_quoted(' '.join(each.words))}\n")
        if each.takes_site:
            lines.append(f"{start} -a '(__s3syncd_sites)' -d site\n")
    return "".join(lines)


def _fish_option(option: Option) -> str:
    parts = []
    for name in option.names:
        bare = name.lstrip("-")
        is_long, is_old = name.startswith("--"), len(bare) > 1
        parts.append(f"{'-l' if is_long else '-o' if is_old else '-s'} {bare}")
    if option.value:
        parts.append("-r -F" if option.value in _FILES else "-x")
    return f"{' '.join(parts)} -d {_fish_quoted(option.summary)}"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _every(known: Grammar) -> list[Option]:
    return [*known.options, *(option for each in known.commands for option in each.options)]


def _names(options: Iterable[Option]) -> list[str]:
    return [name for option in options for name in option.names]


def _words(words: Iterable[str]) -> str:
    return f'"{" ".join(words)}"'


def _filled(template: str, parts: Mapping[str, str]) -> str:
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text)
    return template


SCRIPTS: Final[dict[str, Callable[[Grammar], str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
