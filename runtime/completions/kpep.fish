# fish completion of kpep and kpepc. The commands say themselves what the last word could become
# (common/complete.h). The very command that is typed is run, once, and no other.

# The files, or with a / at the end the directories alone, that fish has for a value, behind what
# stays before it: the two parts of a pattern.
function __kpep_files -a ending pattern value
    set -l parts (string match -r -- $pattern "$value")
    for file in (complete -C "'' $parts[3]" | string replace -r '\t.*' '' |
        string match -- "$parts[3]*$ending")
        echo $parts[2]$file
    end
end

function __kpep
    set -l words (commandline -opc)
    set -l value (commandline -ct)
    set words[1] (string replace -r '^~/' "$HOME/" -- $words[1])
    type -q -- $words[1]; or return
    set -l answer ($words[1] --complete $words[2..-1] "$value" 2>/dev/null)
    string join -- \n $answer[2..-1]
    switch "$answer[1]"
        case PATH FILE TEMPLATE
            __kpep_files '' '^(--[^=]*=|)(.*)$' "$value"
        case DIR
            __kpep_files / '^([^=]*=|)(.*)$' "$value"
    end
end

complete -c kpep -f -a '(__kpep)'
complete -c kpepc -f -a '(__kpep)'
