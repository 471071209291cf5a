# fish completion of kpep and kpepc. Commands, options and whether an option takes a value are what
# --help says; what the tables know is asked of the very kpep that is typed.

# The value that the words typed so far give an option.
function __kpep_given -a name
    set -l given
    for i in (seq 3 (count $words))
        switch $words[$i]
            case $name
                set given $words[(math $i + 1)]
            case "$name=*"
                set given (string replace -- "$name=" '' $words[$i])
        end
    end
    echo "$given"
end

# Every name of the events of a CPU.
function __kpep_events -a cpu
    set -l release (__kpep_given --release)
    if test -n "$release"
        $kpep list --cpu "$cpu" --release $release --plain
    else
        $kpep list --cpu "$cpu" --plain
    end
end

# The same of the Mac this runs on.
function __kpep_live_events
    set -l libraries
    for name in --kperf --kperfdata
        set -l given (__kpep_given $name)
        if test -n "$given"
            set -a libraries $name $given
        end
    end
    $kpep list --live $libraries --plain
end

# Candidates for the value of an option, or for an argument of a command, one a line.
function __kpep_candidates -a key value
    switch $key
        case 'kpep:*:--cpu'
            $kpep cpus --plain
        case 'kpep:*:--release'
            $kpep cpus --json | string replace -rf '.*"releases": \[(.*)\].*' '$1' |
                string split ', ' | string trim -c '"' | sort -u
        case 'kpep:*:--strategy'
            printf '%s\n' optimal kperfdata
        case 'kpep:*:--counters'
            printf '%s\n' forced unforced
        case 'kpep:*:--words'
            printf '%s\n' verify static kperfdata
        case 'kpep:*:--events' 'kpep:*:-e'
            $kpep names --plain
        case 'kpep:names:'
            $kpep names --plain (string match -- --metrics $words)
        case 'kpep:show:' 'kpep:list:'
            if contains -- --live $words
                __kpep_live_events
            else if test "$key" = kpep:list:
                __kpep_events (__kpep_given --cpu)
            else
                for cpu in ($kpep cpus | string replace -r ' .*' '')[2..-1]
                    __kpep_events $cpu
                end | sort -u
            end
        case 'kpep:encode:' 'kpep:plan:'
            if string match -q '*:*' -- $value
                __kpep_events (__kpep_given --cpu) | string replace -r '$' ':u'
            else
                __kpep_events (__kpep_given --cpu)
            end
        case 'kpepc:*:--escape' 'kpepc:*:-e'
            printf '%s\n' none html c json markdown
        case 'kpepc:emit:--template' 'kpepc:emit:-t'
            printf '%s\n' c-header csv json markdown perf-json
    end 2>/dev/null
end

# Lines "-s, --name ARGUMENT what it says" of a command's help as SHORT, NAME, ARGUMENT, TEXT, with
# tabs between.
function __kpep_options
    $kpep $words[2] --help 2>/dev/null |
        string replace -rf '^ +(?:(-[a-z]), )?(--[a-z-]+)(?: ([A-Z]+))? +([^ ].*)' '$1\t$2\t$3\t$4'
end

# What stands where the cursor is: the value of an option, an option, or an argument.
function __kpep_complete -a tool value
    set -l option $words[-1]
    set -l head ''
    set -l argument ''
    if string match -q -- '--*=*' $value
        set option (string replace -r '=.*' '' -- $value)
    end
    for line in (__kpep_options)
        set -l parts (string split \t -- $line)
        if contains -- $option $parts[1..2]
            set argument $parts[3]
        else if string match -q -- '-*' $value
            printf '%s\t%s\n' $parts[2] $parts[4]
        end
    end
    if test -z "$argument"
        set option ''
        string match -q -- '-*' $value; and return
    else if string match -q -- '--*=*' $value
        set head "$option="
        set value (string replace -r '^[^=]*=' '' -- $value)
    end
    if test "$argument" = LIST
        set head $head(string replace -r '[^,]*$' '' -- $value)
        set value (string replace -r '.*,' '' -- $value)
    end
    __kpep_prefixed "$head" (__kpep_candidates "$tool:$words[2]:$option" $value)
    __kpep_files $tool "$argument" "$head" $value
end

function __kpep_files -a tool argument head value
    switch $tool:$argument
        case 'kpep:PATH' 'kpepc:FILE' 'kpepc:PATH' 'kpepc:TEMPLATE'
            __kpep_prefixed "$head" (__fish_complete_path $value)
        case 'kpepc:DIR'
            __kpep_prefixed "$head" (__fish_complete_directories $value)
        case 'kpepc:'
            if contains -- $words[2] compile snapshot diff lint emit
                set -l parts (string match -r '^(.*=|)(.*)$' -- $value)
                __kpep_prefixed "$parts[2]" (__fish_complete_directories "$parts[3]")
            end
    end
end

function __kpep_prefixed -a head
    for candidate in $argv[2..-1]
        echo $head$candidate
    end
end

function __kpep
    set -lx words (commandline -opc)
    set -lx kpep (string replace -r '^~/' "$HOME/" -- $words[1])
    type -q -- $kpep; or return
    set -l tool (string replace -r '.*/' '' -- $kpep)
    set -l value (commandline -ct)
    if test (count $words) -gt 1
        __kpep_complete $tool $value
    else
        $kpep --help 2>/dev/null | string replace -rf "^  $tool ([a-z]+) .*" '$1'
        string match -q -- '-*' $value; and printf '%s\n' --help --version
    end
end

complete -c kpep -f -a '(__kpep)'
complete -c kpepc -f -a '(__kpep)'
