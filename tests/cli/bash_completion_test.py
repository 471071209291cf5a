"""bash completion: kpep.bash and kpepc.bash in a bash without any configuration."""
import shutil

from completions import DIRECTORY, answers, check_shell
from kpeptest import done, skip

# What readline does: it calls the function of the command's name, and replaces what follows the
# last : or = by an answer, so these answers are without what stands before it.
DRIVER = r"""
. "$1/kpepc.bash"
set -u
while IFS= read -r line; do
    COMP_LINE=$line COMP_POINT=${#line}
    _kpep "${line%% *}"
    word=${line##* }
    case $word in
        *[:=]*) before=${word%"${word##*[:=]}"} ;;
        *) before= ;;
    esac
    ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]/#/$before}"
    echo .
done
[[ $- != *f* ]] || echo "no patterns any more: set -f" >&2
"""


def complete(lines):
    return answers(lines, "bash", "--noprofile", "--norc", "-c", DRIVER, "bash", DIRECTORY)


if shutil.which("bash") is None:
    skip("no bash")
check_shell(complete)
done()
