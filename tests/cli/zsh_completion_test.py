"""zsh completion: _kpep in a zsh without any configuration, at a pseudo-terminal.

The completion system works within the line editor alone, so a second zsh types each line and
presses Tab; what is offered is written down by a function in the place of compadd.
"""
import pathlib
import shutil
import tempfile

from completions import DIRECTORY, answers, check_shell
from kpeptest import done, skip

SETUP = r"""
exec 2>>$directory/errors
PROMPT= LISTMAX=100000
fpath=($completions $fpath)
autoload -Uz compinit
compinit -D -u
zstyle ':completion:*' completer _complete
compadd() {
    local -a offered
    local directory_typed=
    (( $argv[(I)-p] == 0 )) || directory_typed=$argv[$argv[(I)-p]+1]
    if [[ "${@[1,(i)(-|--)]}" != *-[OAD]* ]]; then
        builtin compadd -A offered "$@"
        (( $#offered == 0 )) || print -rl -- $IPREFIX$directory_typed$^offered >>$directory/offered
    fi
    builtin compadd "$@"
}
written() { print -r END-OF-ANSWER; }
complete-line() {
    comppostfuncs=(written)
    zle complete-word
    BUFFER=
}
zle -C complete-word complete-word _main_complete
zle -N complete-line
bindkey '^I' complete-line
print -r END-OF-ANSWER
"""

DRIVER = r"""
zmodload zsh/zpty
directory=$1
: >$directory/offered
export directory completions=$2
zpty kpep $3 -f -i
zpty -w kpep "source $directory/setup"
zpty -r -m kpep ignored '*END-OF-ANSWER*'
while IFS= read -r line; do
    : >$directory/offered
    zpty -w -n kpep "$line"$'\t'
    zpty -r -m kpep ignored '*END-OF-ANSWER*'
    print -rl -- ${(f)"$(<$directory/offered)"} .
done
zpty -d kpep
print -rn -- "$(<$directory/errors)" >&2
"""


def complete(lines):
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "setup").write_text(SETUP)
        return answers(lines, "zsh", "-f", "-c", DRIVER, "zsh", directory, DIRECTORY,
                       shutil.which("zsh"))


if shutil.which("zsh") is None:
    skip("no zsh")
check_shell(complete)
done()
