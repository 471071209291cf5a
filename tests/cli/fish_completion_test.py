"""fish completion: kpep.fish and kpepc.fish in a fish without any configuration."""
import shutil

from completions import DIRECTORY, answers, check_shell
from kpeptest import done, skip

DRIVER = r"""
source $argv[1]/kpepc.fish
while read -l line
    complete -C $line | string replace -r '\t.*' ''
    echo .
end
"""


def complete(lines):
    return answers(lines, "fish", "--no-config", "-c", DRIVER, DIRECTORY)


if shutil.which("fish") is None:
    skip("no fish")
check_shell(complete)
done()
