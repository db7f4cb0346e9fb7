function __pygmy_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __pygmy_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __pygmy_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __pygmy_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __pygmy_parse_tokens -S
    set -l unparsed_tokens (__pygmy_tokens -pc)
    switch $unparsed_tokens[1]
    case 'pygmy'
        __pygmy_parse_subcommand 0 'config=' 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'up'
            __pygmy_parse_subcommand 0 'config=' 'only=+' 'no-restart' 'log-format=' 'log-level=' 'version' 'h/help'
        case 'serve'
            __pygmy_parse_subcommand 1 'config=' 'log-format=' 'log-level=' 'version' 'h/help'
        case 'restart'
            __pygmy_parse_subcommand 0 'config=' 'only=+' 'patience=' 'version' 'h/help'
        case 'status'
            __pygmy_parse_subcommand 0 'config=' 'audit' 'json' 'version' 'h/help'
        case 'check'
            __pygmy_parse_subcommand 0 'config=' 'version' 'h/help'
        case 'health'
            __pygmy_parse_subcommand 1 'config=' 'timeout=' 'version' 'h/help'
        case 'nginx'
            __pygmy_parse_subcommand 0 'config=' 'host=' 'output=' 'version' 'h/help'
        case 'orders'
            __pygmy_parse_subcommand 0 'config=' 'item=' 'from=' 'to=' 'oldest' 'limit=' 'after=' 'json' 'version' 'h/help'
        case 'export'
            __pygmy_parse_subcommand 1 'config=' 'with-quantity' 'version' 'h/help'
        case 'bench'
            __pygmy_parse_subcommand 0 'config=' 'clients=' 'seconds=' 'lookups=' 'searches=' 'buys=' 'version' 'h/help'
        case 'backup'
            __pygmy_parse_subcommand 1 'config=' 'version' 'h/help'
        case 'restore'
            __pygmy_parse_subcommand 1 'config=' 'only=+' 'version' 'h/help'
        case 'force-view'
            __pygmy_parse_subcommand 1 'config=' 'yes' 'version' 'h/help'
        case 'members'
            __pygmy_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'add'
                __pygmy_parse_subcommand 1 'config=' 'version' 'h/help'
            case 'remove'
                __pygmy_parse_subcommand 1 'config=' 'version' 'h/help'
            end
        case 'cache'
            __pygmy_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __pygmy_parse_subcommand 0 'config=' 'server=' 'json' 'prefix=' 'version' 'h/help'
            case 'get'
                __pygmy_parse_subcommand 1 'config=' 'server=' 'json' 'version' 'h/help'
            case 'delete'
                __pygmy_parse_subcommand 1 'config=' 'server=' 'json' 'version' 'h/help'
            case 'clear'
                __pygmy_parse_subcommand 0 'config=' 'server=' 'json' 'prefix=' 'version' 'h/help'
            end
        case 'help'
            __pygmy_parse_subcommand -r 1 'version'
        end
    end
end

function __pygmy_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __pygmy_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __pygmy_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __pygmy_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__pygmy_tokens -p)
    if test -z "$(__pygmy_tokens -t)"
        set -l index (count (__pygmy_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'pygmy' -f
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'up' -d 'Runs nginx and the servers of this machine until Ctrl-C or SIGTERM.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'serve' -d 'Runs one server in the foreground, by its name alone.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'restart' -d 'Restarts the servers of this machine that `pygmy up` runs, one after another.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'status' -d 'Shows the running cluster as a table.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'check' -d 'Says everything that is wrong with the configuration, with the key it is at.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'health' -d 'Asks a server, or the store as clients see it, whether it serves.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'nginx' -d 'Prints the nginx configuration of a host, or writes it as files.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'orders' -d 'Shows the orders of a running store by their time, the newest first.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'export' -d 'Prints the catalog or the orders of a running store as CSV.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'bench' -d 'Loads a running store and prints throughput and latency.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'backup' -d 'Copies the data of a running store into a new folder.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'restore' -d 'Makes the data directories of this machine\'s servers from a backup.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'force-view' -d 'Makes a server the sole member of its group, whoever was one before.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'members' -d 'Adds a server to those that vote on views, or removes one.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'cache' -d 'Looks into the front ends\' caches of lookups, and empties them.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up"' -l 'only' -d 'Start only these servers (and nginx), such as: --only catalogServer1 orderServer1' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up" no-restart' -l 'no-restart' -d 'Leave dead what dies.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up" log-format' -l 'log-format' -d 'How servers write log/NAME.log: text or json.' -rfka 'text json'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up" log-level' -l 'log-level' -d 'The least level that servers log, such as debug or warning.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy up" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy serve" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy serve" log-format' -l 'log-format' -d 'How a line of the log is written: text or json.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy serve" log-level' -l 'log-level' -d 'The least level that is logged, such as debug or warning.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy serve" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy serve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restart" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restart"' -l 'only' -d 'Restart only these servers, such as: --only catalogServer1 orderServer1' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restart" patience' -l 'patience' -d 'How long one server may take to serve again, in seconds.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restart" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restart" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy status" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy status" audit' -l 'audit' -d 'Prove that stock, sales and orders add up on the running system.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy status" json' -l 'json' -d 'Print JSON.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy status" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy check" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy check" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy check" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy health" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy health" timeout' -l 'timeout' -d 'How long to wait for an answer, in seconds.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy health" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy health" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy nginx" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy nginx" host' -l 'host' -d 'The host whose part is wanted, as in the addresses. (default: this machine)' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy nginx" output' -l 'output' -d 'A folder to write the files to, instead of printing.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy nginx" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy nginx" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" item' -l 'item' -d 'Only orders of this book.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" from' -l 'from' -d 'Only orders from this time on.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" to' -l 'to' -d 'Only orders before this time.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" oldest' -l 'oldest' -d 'Show the oldest first.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" limit' -l 'limit' -d 'How many orders to show, up to 1000.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" after' -l 'after' -d 'Go on behind this order.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" json' -l 'json' -d 'Print the answer as it came.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy orders" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy export" -eq 1' -fka 'catalog orders'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy export" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy export" with-quantity' -l 'with-quantity' -d 'Of the orders, print also how many copies each is of.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy export" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy export" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" clients' -l 'clients' -d 'Clients at the same time, each with one request under way.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" seconds' -l 'seconds' -d 'How long, in seconds.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" lookups' -l 'lookups' -d 'How many of the requests are lookups, in proportion.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" searches' -l 'searches' -d 'How many are searches.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" buys' -l 'buys' -d 'How many are buys.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy bench" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy backup" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy backup" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy backup" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restore" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restore"' -l 'only' -d 'Only these servers, such as: --only catalogServer1 orderServer1' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restore" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy restore" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy force-view" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy force-view" yes' -l 'yes' -d 'Do not ask.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy force-view" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy force-view" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy members" -eq 1' -fa 'add' -d 'Lets a server vote, in both groups.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy members" -eq 1' -fa 'remove' -d 'Takes the vote from a server, in both groups.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members add" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members add" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members add" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members remove" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members remove" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy members remove" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy cache" -eq 1' -fa 'list' -d 'Lists the keys, with their age in seconds.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy cache" -eq 1' -fa 'get' -d 'Shows what is cached under a key.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy cache" -eq 1' -fa 'delete' -d 'Drops the entry of a key.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_positional "pygmy cache" -eq 1' -fa 'clear' -d 'Drops all entries, or those with a prefix.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache list" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache list" server' -l 'server' -d 'Only this front end, such as frontEndServer2. (default: all of them)' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache list" json' -l 'json' -d 'Print JSON, a document a front end.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache list" prefix' -l 'prefix' -d 'Only keys that begin with this, such as lookup/1.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache list" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache get" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache get" server' -l 'server' -d 'Only this front end, such as frontEndServer2. (default: all of them)' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache get" json' -l 'json' -d 'Print JSON, a document a front end.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache get" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache get" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache delete" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache delete" server' -l 'server' -d 'Only this front end, such as frontEndServer2. (default: all of them)' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache delete" json' -l 'json' -d 'Print JSON, a document a front end.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache delete" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache delete" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache clear" config' -l 'config' -d 'The file that maps servers to addresses.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache clear" server' -l 'server' -d 'Only this front end, such as frontEndServer2. (default: all of them)' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache clear" json' -l 'json' -d 'Print JSON, a document a front end.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache clear" prefix' -l 'prefix' -d 'Only keys that begin with this, such as lookup/1.' -rfka ''
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache clear" version' -l 'version' -d 'Show the version.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy cache clear" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'pygmy' -n '__pygmy_should_offer_completions_for_flags_or_options "pygmy help" version' -l 'version' -d 'Show the version.'
