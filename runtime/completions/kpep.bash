# bash completion of kpep and kpepc; bash 3.2 will do. kpep says itself what the last word could
# become (runtime/cli/complete.c); of kpepc, commands, options and whether an option takes a value
# are what --help says. The very command that is typed is run, once, and no other.

_kpep_add() # those of the arguments that begin with what is typed
{
    local candidate

    for candidate in "$@"; do
        if [[ $candidate == "$value"* ]]; then
            COMPREPLY+=("$head$candidate")
        fi
    done
}

_kpep_files() # -f or -d
{
    local file

    while IFS= read -r file; do
        COMPREPLY+=("$head$file")
    done < <(compgen "$1" -- "$value")
    compopt -o filenames 2>/dev/null
}

_kpep_split() # the option from what is typed of its value
{
    [[ $value != --*=* ]] || head=${value%%=*}= value=${value#*=}
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
        PATH) _kpep_split && _kpep_files -f ;;
        LIST) compopt -o nospace 2>/dev/null ;;
    esac
}

_kpepc_commands()
{
    local line pattern='^  kpepc ([a-z]+) '

    while IFS= read -r line; do
        [[ ! $line =~ $pattern ]] || _kpep_add "${BASH_REMATCH[1]}"
    done < <("$tool" --help 2>/dev/null)
    [[ $value != -* ]] || _kpep_add --help --version
}

# The options of a command into options, and what the value of $1 is called into argument.
_kpepc_read_options()
{
    local line pattern='^ +((-[a-z]), )?(--[a-z-]+)( ([A-Z]+))? +[^ ]'

    while IFS= read -r line; do
        if [[ $line =~ $pattern ]]; then
            options+=("${BASH_REMATCH[3]}")
            if [[ $1 == "${BASH_REMATCH[3]}" || $1 == "${BASH_REMATCH[2]:-none}" ]]; then
                argument=${BASH_REMATCH[5]}
            fi
        fi
    done < <("$tool" "${words[1]}" --help 2>/dev/null)
}

# What stands where the cursor is: the value of an option, an option, or an argument.
_kpepc_complete()
{
    local option argument= options=()

    case $value in
        --*=*) option=${value%%=*} ;;
        *) option=${words[${#words[@]} - 2]} ;;
    esac
    _kpepc_read_options "$option"
    if [[ -n $argument ]]; then
        _kpep_split
    elif [[ $value == -* ]]; then
        _kpep_add "${options[@]}"
        return
    fi
    case $option in
        --escape | -e) _kpep_add none html c json markdown ;;
        --template | -t) _kpep_add c-header csv json markdown perf-json ;;
    esac
    case ${argument:-${words[1]}} in
        FILE | PATH | TEMPLATE) _kpep_files -f ;;
        DIR) _kpep_files -d ;;
        compile | snapshot | diff | lint | emit)
            [[ $value != *=* ]] || head=${value%%=*}= value=${value#*=}
            _kpep_files -d ;;
    esac
}

_kpep()
{
    local words value head= i tool=${1/#\~\//$HOME/} strip=

    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
    value=${words[${#words[@]} - 1]}
    COMPREPLY=()
    if [[ ${tool##*/} != kpepc ]]; then
        _kpep_complete
    elif ((${#words[@]} == 2)); then
        _kpepc_commands
    else
        _kpepc_complete
    fi
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
