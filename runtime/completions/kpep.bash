# bash completion of kpep and kpepc; bash 3.2 will do. Commands, options and whether an option takes
# a value are what --help says; what the tables know is asked of the very kpep that is typed.

# The value that the words typed so far give an option.
_kpep_given()
{
    local i given=

    for ((i = 2; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
            "$1") given=${words[i + 1]} ;;
            "$1="*) given=${words[i]#*=} ;;
        esac
    done
    printf '%s' "$given"
}

# Every name of the events of a CPU.
_kpep_events()
{
    local release

    release=$(_kpep_given --release)
    "$kpep" list --cpu "$1" ${release:+--release "$release"} --plain
}

_kpep_all_events()
{
    local cpu

    for cpu in $("$kpep" cpus | sed '1d;s/ .*//'); do
        _kpep_events "$cpu"
    done | sort -u
}

# Whether an option was typed.
_kpep_has()
{
    [[ " ${words[*]} " == *" $1 "* ]]
}

# The same of the Mac this runs on.
_kpep_live_events()
{
    local kperf kperfdata

    kperf=$(_kpep_given --kperf)
    kperfdata=$(_kpep_given --kperfdata)
    "$kpep" list --live ${kperf:+--kperf "$kperf"} ${kperfdata:+--kperfdata "$kperfdata"} --plain
}

# Candidates for the value of an option, or for an argument of a command, one a line.
_kpep_candidates()
{
    case $tool:$command:$option in
        kpep:*:--cpu) "$kpep" cpus --plain ;;
        kpep:*:--release)
            "$kpep" cpus --json | sed -n 's/.*"releases": \[\(.*\)\].*/\1/p' | tr ',' '\n' |
                tr -d '" ' | sort -u ;;
        kpep:*:--strategy) printf '%s\n' optimal kperfdata ;;
        kpep:*:--counters) printf '%s\n' forced unforced ;;
        kpep:*:--words) printf '%s\n' verify static kperfdata ;;
        kpep:*:--events | kpep:*:-e | kpep:names:)
            if _kpep_has --metrics; then
                "$kpep" names --metrics --plain
            else
                "$kpep" names --plain
            fi ;;
        kpep:show: | kpep:list:)
            if _kpep_has --live; then
                _kpep_live_events
            elif [[ $command == show ]]; then
                _kpep_all_events
            else
                _kpep_events "$(_kpep_given --cpu)"
            fi ;;
        kpep:encode: | kpep:plan:)
            if [[ $value == *:* ]]; then
                _kpep_events "$(_kpep_given --cpu)" | sed 's/$/:u/'
            else
                _kpep_events "$(_kpep_given --cpu)"
            fi ;;
        kpepc:*:--escape | kpepc:*:-e) printf '%s\n' none html c json markdown ;;
        kpepc:emit:--template | kpepc:emit:-t)
            printf '%s\n' c-header csv json markdown perf-json ;;
    esac 2>/dev/null
}

_kpep_files() # -f or -d
{
    _kpep_add < <(compgen "$1" -- "$value")
    compopt -o filenames 2>/dev/null
}

# The options of a command into options, and what the value of $1 is called into argument.
_kpep_read_options()
{
    local line pattern='^ +((-[a-z]), )?(--[a-z-]+)( ([A-Z]+))? +[^ ]'

    while IFS= read -r line; do
        if [[ $line =~ $pattern ]]; then
            options+=("${BASH_REMATCH[3]}")
            if [[ $1 == "${BASH_REMATCH[3]}" || $1 == "${BASH_REMATCH[2]:-none}" ]]; then
                argument=${BASH_REMATCH[5]}
            fi
        fi
    done < <("$kpep" "$command" --help 2>/dev/null)
}

_kpep_add() # those of the candidates on standard input that begin with what is typed
{
    local candidate

    while IFS= read -r candidate; do
        if [[ $candidate == "$value"* ]]; then
            COMPREPLY+=("$head$candidate")
        fi
    done
}

# What stands where the cursor is: the value of an option, an option, or an argument.
_kpep_complete()
{
    local option= argument= options=() typed=$value

    case $value in
        --*=*) option=${value%%=*} ;;
        *) option=${words[${#words[@]} - 2]} ;;
    esac
    _kpep_read_options "$option"
    if [[ -z $argument ]]; then
        option=
    elif [[ $typed == --*=* ]]; then
        head="$option=" value=${value#*=}
    fi
    if [[ -z $argument && $value == -* ]]; then
        _kpep_add < <(printf '%s\n' "${options[@]}")
        return
    fi
    if [[ $argument == LIST && $value == *,* ]]; then
        head=$head${value%,*}, value=${value##*,}
    fi
    _kpep_add < <(_kpep_candidates)
    case $tool:${argument:-$command} in
        kpep*:FILE | kpep*:PATH | kpep*:TEMPLATE) _kpep_files -f ;;
        kpepc:DIR) _kpep_files -d ;;
        kpepc:compile | kpepc:snapshot | kpepc:diff | kpepc:lint | kpepc:emit)
            [[ $value != *=* ]] || head=${value%%=*}= value=${value#*=}
            _kpep_files -d ;;
        kpep:LIST) compopt -o nospace 2>/dev/null ;;
    esac
}

_kpep()
{
    local words value head= i kpep=${1/#\~\//$HOME/} tool=${1##*/} command strip=

    read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
    value=${words[${#words[@]} - 1]} command=${words[1]}
    COMPREPLY=()
    if ((${#words[@]} == 2)); then
        _kpep_add < <("$kpep" --help 2>/dev/null | sed -n "s/^  $tool \([a-z]*\) .*/\1/p")
        [[ $value != -* ]] || _kpep_add < <(printf '%s\n' --help --version)
    else
        _kpep_complete
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
