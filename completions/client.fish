function __client_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __client_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __client_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __client_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __client_parse_tokens -S
    set -l unparsed_tokens (__client_tokens -pc)
    switch $unparsed_tokens[1]
    case 'client'
        __client_parse_subcommand 0 'url=' 'config=' 'json' 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'menu'
            __client_parse_subcommand 0 'url=' 'config=' 'version' 'h/help'
        case 'search'
            __client_parse_subcommand 1 'url=' 'config=' 'json' 'version' 'h/help'
        case 'find'
            __client_parse_subcommand -r 1 'url=' 'config=' 'json' 'version' 'h/help'
        case 'lookup'
            __client_parse_subcommand 1 'url=' 'config=' 'json' 'version' 'h/help'
        case 'buy'
            __client_parse_subcommand 1 'url=' 'config=' 'json' 'quantity=' 'key=' 'version' 'h/help'
        case 'help'
            __client_parse_subcommand -r 1 'version'
        end
    end
end

function __client_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __client_parse_subcommand -S -a positional_count
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

function __client_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __client_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__client_tokens -p)
    if test -z "$(__client_tokens -t)"
        set -l index (count (__client_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'client' -f
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client" url' -l 'url' -d 'Where the store is. (default: `listen` in the configuration)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client" config' -l 'config' -d 'A configuration that says where the store is. (default: config.json)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client" json' -l 'json' -d 'Print the answer as it came.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client" version' -l 'version' -d 'Show the version.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'client' -n '__client_should_offer_completions_for_positional "client" -eq 1' -fa 'menu' -d 'Asks what to do, again and again.'
complete -c 'client' -n '__client_should_offer_completions_for_positional "client" -eq 1' -fa 'search' -d 'Lists the books of a topic.'
complete -c 'client' -n '__client_should_offer_completions_for_positional "client" -eq 1' -fa 'find' -d 'Lists the books with some words in their titles.'
complete -c 'client' -n '__client_should_offer_completions_for_positional "client" -eq 1' -fa 'lookup' -d 'Shows a book.'
complete -c 'client' -n '__client_should_offer_completions_for_positional "client" -eq 1' -fa 'buy' -d 'Buys copies of a book.'
complete -c 'client' -n '__client_should_offer_completions_for_positional "client" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client menu" url' -l 'url' -d 'Where the store is. (default: `listen` in the configuration)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client menu" config' -l 'config' -d 'A configuration that says where the store is. (default: config.json)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client menu" version' -l 'version' -d 'Show the version.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client menu" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client search" url' -l 'url' -d 'Where the store is. (default: `listen` in the configuration)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client search" config' -l 'config' -d 'A configuration that says where the store is. (default: config.json)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client search" json' -l 'json' -d 'Print the answer as it came.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client search" version' -l 'version' -d 'Show the version.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client search" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client find" url' -l 'url' -d 'Where the store is. (default: `listen` in the configuration)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client find" config' -l 'config' -d 'A configuration that says where the store is. (default: config.json)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client find" json' -l 'json' -d 'Print the answer as it came.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client find" version' -l 'version' -d 'Show the version.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client find" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client lookup" url' -l 'url' -d 'Where the store is. (default: `listen` in the configuration)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client lookup" config' -l 'config' -d 'A configuration that says where the store is. (default: config.json)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client lookup" json' -l 'json' -d 'Print the answer as it came.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client lookup" version' -l 'version' -d 'Show the version.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client lookup" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" url' -l 'url' -d 'Where the store is. (default: `listen` in the configuration)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" config' -l 'config' -d 'A configuration that says where the store is. (default: config.json)' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" json' -l 'json' -d 'Print the answer as it came.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" quantity' -l 'quantity' -d 'How many copies, up to 1000.' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" key' -l 'key' -d 'The key of an earlier buy whose outcome is not known, to learn it.' -rfka ''
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" version' -l 'version' -d 'Show the version.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client buy" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'client' -n '__client_should_offer_completions_for_flags_or_options "client help" version' -l 'version' -d 'Show the version.'
