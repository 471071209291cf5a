# fish completion of kpep and kpepc. kpep says itself what the last word could become
# (runtime/cli/complete.c); of kpepc, commands, options and whether an option takes a value are what
# --help says. The very command that is typed is run, once, and no other.

function __kpep_prefixed -a head
    for candidate in $argv[2..-1]
        echo $head$candidate
    end
end

# The files, or with a / at the end the directories alone, that fish has for a value, behind what
# stays before it.
function __kpep_files -a ending head value
    __kpep_prefixed "$head" (complete -C "'' $value" | string replace -r '\t.*' '' |
        string match -- "$value*$ending")
end

function __kpep_complete -a value
    set -l answer ($words[1] --complete $words[2..-1] "$value" 2>/dev/null)
    if test "$answer[1]" = PATH
        set -l parts (string match -r '^(--[^=]*=|)(.*)$' -- "$value")
        __kpep_files '' "$parts[2]" "$parts[3]"
    else
        string join -- \n $answer[2..-1]
    end
end

# Lines "-s, --name ARGUMENT what it says" of a command's help as SHORT, NAME, ARGUMENT, TEXT, with
# tabs between.
function __kpepc_options
    $words[1] $words[2] --help 2>/dev/null |
        string replace -rf '^ +(?:(-[a-z]), )?(--[a-z-]+)(?: ([A-Z]+))? +([^ ].*)' '$1\t$2\t$3\t$4'
end

# What stands where the cursor is: the value of an option, an option, or an argument.
function __kpepc_complete -a value
    set -l option $words[-1]
    set -l head ''
    set -l argument ''
    if string match -q -- '--*=*' $value
        set option (string replace -r '=.*' '' -- $value)
    end
    for line in (__kpepc_options)
        set -l parts (string split \t -- $line)
        if contains -- $option $parts[1..2]
            set argument $parts[3]
        else if string match -q -- '-*' $value
            printf '%s\t%s\n' $parts[2] $parts[4]
        end
    end
    if test -z "$argument"
        string match -q -- '-*' $value; and return
    else if string match -q -- '--*=*' $value
        set head "$option="
        set value (string replace -r '^[^=]*=' '' -- $value)
    end
    switch $option
        case --escape -e
            __kpep_prefixed "$head" none html c json markdown
        case --template -t
            __kpep_prefixed "$head" c-header csv json markdown perf-json
    end
    if test -z "$argument"
        set argument $words[2]
    end
    switch $argument
        case FILE PATH TEMPLATE
            __kpep_files '' "$head" $value
        case DIR
            __kpep_files / "$head" $value
        case compile snapshot diff lint emit
            set -l parts (string match -r '^(.*=|)(.*)$' -- $value)
            __kpep_files / "$parts[2]" "$parts[3]"
    end
end

function __kpep
    set -lx words (commandline -opc)
    set -l value (commandline -ct)
    set words[1] (string replace -r '^~/' "$HOME/" -- $words[1])
    type -q -- $words[1]; or return
    if not string match -qr '(^|/)kpepc$' -- $words[1]
        __kpep_complete $value
    else if test (count $words) -gt 1
        __kpepc_complete $value
    else
        $words[1] --help 2>/dev/null | string replace -rf '^  kpepc ([a-z]+) .*' '$1'
        string match -q -- '-*' $value; and printf '%s\n' --help --version
    end
end

complete -c kpep -f -a '(__kpep)'
complete -c kpepc -f -a '(__kpep)'
