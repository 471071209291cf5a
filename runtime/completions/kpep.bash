# bash completion of kpep and kpepc; bash 3.2 will do. The commands say themselves what the last word
# could become (common/complete.h). The very command that is typed is run, once, and no other.

_kpep_files() # -f or -d: files behind $head that begin with $value
{
    local file

    while IFS= read -r file; do
        COMPREPLY+=("$head$file")
    done < <(compgen "$1" -- "$value")
    compopt -o filenames 2>/dev/null
}

_kpep_split() # what stays, up to a =, from what is completed
{
    [[ $value != $1 ]] || head=${value%%=*}= value=${value#*=}
}

# Read at once: line by line bash takes a pipe byte by byte. Split by IFS, and names are no patterns.
_kpep_complete()
{
    local IFS=$'\n' flags=$- text answer

    text=$("$tool" --complete "${words[@]:1}" 2>/dev/null)
    set -f
    answer=($text)
    [[ $flags == *f* ]] || set +f
    ((${#answer[@]} != 0)) || return 0
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]} in
        OPTION) COMPREPLY=("${COMPREPLY[@]%%$'\t'*}") ;;
        PATH | FILE | TEMPLATE) _kpep_split '--*=*' && _kpep_files -f ;;
        DIR) _kpep_split '*=*' && _kpep_files -d ;;
        LIST) compopt -o nospace 2>/dev/null ;;
    esac
}

_kpep()
{
    local words value head= i tool=${1/#\~\//$HOME/} strip=

    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
    value=${words[${#words[@]} - 1]}
    COMPREPLY=()
    _kpep_complete
    # readline replaces what follows the last of these alone.
    for i in = :; do
        if [[ $COMP_WORDBREAKS == *$i* && ${words[${#words[@]} - 1]} == *$i* ]]; then
            strip=${words[${#words[@]} - 1]}
            strip=${strip%"${strip##*$i}"}
            COMPREPLY=("${COMPREPLY[@]#"$strip"}")
        fi
    done
}

complete -F _kpep kpep kpepc
