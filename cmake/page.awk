# awk -v output=PAGE -f page.awk FRAME HEADER
# Writes a manual page of a public header in mdoc(7): the lines of FRAME, with what HEADER says in
# place of those that begin with @. When something is wrong it says where, and writes nothing.
#
#   @synopsis                every function that the header declares
#   @description             the comment that the header begins with; then every other comment,
#                            with the constants, types and functions, under the header's own rules:
#                            /* ---- title ---- */
#   @errors ENUM             an enum that a list makes, here and not in the description
#
# A list is #define LIST(X) with rows X(NAME, NUMBER, ..., "text") and makes enum x { LIST(...) }; a
# comment behind a row is said in place of its text.
#
# A comment belongs to what follows it without a blank line; functions that follow each other so
# share it, and one without a comment is an error. In a comment, indented lines are about the line
# before them, and an indented "WORD  text" is a row of a table.
#
# POSIX awk, for mawk, gawk --posix and the awk of macOS: no intervals, no length of an array.

BEGIN { # of the last line of each
    ending["comment"] = "[*]/$"
    ending["list"] = "[^\\\\]$"
    ending["type"] = "^[^ ].*;$"
    ending["function"] = ";$"
}

FNR == 1 { file++ }
file == 1 && $1 == "@errors" { errors[$2] = 1 }
file == 1 { frame[++frames] = $0; next }

# ---- the lines of the header

{ sub(/[ \t\r]+$/, "") }

reading == "" {
    if ($0 == "")
        end_paragraph()
    else if ($0 ~ /^\/\* ---- .* -+ \*\/$/)
        begin_section($0)
    else if ($0 ~ /^\/\*/)
        begin("comment")
    else if ($0 ~ /^#define [A-Z0-9_]+\(/)
        begin("list")
    else if ($0 ~ /^#define [A-Z][A-Z0-9_]* +[^ ]/ && $2 !~ /_(NULLABLE|NONNULL)$/)
        constants = constants "\n" $0
    else if ($0 ~ /^#|^extern "C"|^[}]/)
        next
    else if ($0 ~ /^(struct|enum|union) ([a-z0-9_]+ )?[{]/)
        begin("type")
    else if ($0 ~ /^(struct|union) [a-z0-9_]+;$/)
        end_paragraph()
    else if ($0 ~ /^[a-z]/)
        begin("function")
    else
        fail(FILENAME ":" FNR, "expected a comment, a constant, a type or a function")
}

reading != "" {
    text = text $0 "\n"
    if ($0 ~ ending[reading])
        end(substr(text, 1, length(text) - 1))
}

END {
    if (!failed && reading != "")
        fail(FILENAME, "it ends in the middle of a " reading)
    if (!failed) {
        end_group()
        close_list()
        for (i = 1; i <= frames; i++)
            page = page expand(frame[i], i) "\n"
    }
    if (failed)
        exit 1
    printf "%s", page > output
    if (close(output) != 0)
        exit 1
}

function fail(where, text)
{
    if (!failed)
        print where ": " text > "/dev/stderr"
    failed = 1
    exit 1
}

# What a line of the frame stands for.
function expand(line, number,    word, text)
{
    if (line !~ /^@/)
        return line
    split(line, word)
    if (word[1] == "@synopsis")
        text = synopsis
    else if (word[1] == "@description")
        text = head body
    else if (word[1] == "@errors")
        text = rows[word[2]]
    if (text == "")
        fail(ARGV[1] ":" number, "the header has nothing for " line)
    sub(/\n$/, "", text)
    return text
}

# ---- what the lines of the header make: `body` is the description so far, or a part of the page
# ---- that takes its place meanwhile; `about` the comment that still waits for what it belongs to

function begin(what)
{
    end_constants()
    if (what != "function")
        end_functions()
    reading = what
    text = ""
}

function end(text,    what)
{
    what = reading
    reading = ""
    if (what == "comment")
        end_comment(text)
    else if (what == "list")
        end_list(text)
    else if (what == "type")
        end_type(text)
    else
        end_function(one_line(text))
}

function end_comment(text)
{
    said = FNR
    about = text
    if (head == "") {
        fresh = 1
        prose(about, 0)
        head = body
        body = about = ""
    }
}

# A comment alone is a paragraph; one that is followed by what is not shown says nothing here.
function end_paragraph()
{
    end_group()
    if (FNR == said + 1 && $0 == "")
        prose(about, 0)
    about = ""
}

function begin_section(rule)
{
    end_group()
    close_list()
    sub(/^\/\* ---- /, "", rule)
    sub(/ -+ \*\/$/, "", rule)
    if (rule !~ /^kperf/) # which begin with a small letter wherever they stand
        rule = toupper(substr(rule, 1, 1)) substr(rule, 2)
    put(".Ss \"" rule "\"")
    fresh = 1
    about = ""
}

function end_group()
{
    end_constants()
    end_functions()
}

# Constants that follow each other are one block.
function end_constants()
{
    if (constants == "")
        return
    prose(about, 0)
    literal(substr(constants, 2))
    constants = about = ""
}

# Functions that follow each other share the comment before them.
function end_functions(    name, count, i)
{
    if (functions == "")
        return
    count = split(functions, name, "\n")
    for (i = 1; i < count; i++)
        item("Fn " name[i])
    prose(about, 1)
    functions = about = ""
}

function end_type(type,    word, made_by, kept)
{
    split(type, word, /[ {]+/)
    made_by = word[1] == "enum" && word[3] ~ /\(/ ? substr(word[3], 1, index(word[3], "(") - 1) : ""
    if (made_by != "" && word[2] in errors) {
        end_group()
        close_list()
        kept = body
        body = ""
        fresh = 1
        constants_of(word[2], made_by)
        rows[word[2]] = body
        body = kept
        fresh = 0
    } else if (made_by != "")
        constants_of(word[2], made_by)
    else {
        prose(about, 0)
        literal(plain(type))
    }
    about = ""
}

function end_function(declaration,    name, count, argument, line, i)
{
    declaration = plain(declaration)
    if (!match(declaration, /[a-z0-9_]+\(/))
        fail(FILENAME ":" FNR, "expected a function: " declaration)
    name = substr(declaration, RSTART, RLENGTH - 1)
    if (about == "")
        fail(FILENAME ":" FNR, name "() has no comment")
    functions = functions name "\n"
    synopsis = synopsis ".Ft " substr(declaration, 1, RSTART - 1)
    sub(/ $/, "", synopsis)
    count = arguments(declaration, RSTART + RLENGTH - 1, argument)
    line = ".Fn " name
    for (i = 1; i <= count; i++)
        line = line " \"" argument[i] "\""
    if (length(line) > 80) {
        line = ".Fo " name
        for (i = 1; i <= count; i++)
            line = line "\n.Fa \"" argument[i] "\""
        line = line "\n.Fc"
    }
    synopsis = synopsis "\n" line "\n"
}

# #define NAME(X) and its rows X(...): an enum is made of them, or they are functions, as
# X(int, name, (void)).
function end_list(text,    name, count, cells, cell, shown)
{
    name = substr(text, 9, index(text, "(") - 9)
    gsub(/\\\n/, "", text)
    list = plain(one_line(substr(text, index(text, ")") + 1)))
    while (match(list, /(^| )X\(/)) {
        cells = arguments(list, RSTART + RLENGTH - 1, cell)
        list = substr(list, after)
        list_row[name, ++count] = macro_row(cell, cells)
        if (cells == 3 && cell[3] ~ /^\(/)
            shown = shown "\n" cell[1] (cell[1] ~ /\*$/ ? "" : " ") cell[2] cell[3] ";"
    }
    list_rows[name] = count
    list_about[name] = about
    if (shown != "") {
        gsub(/\* /, "*", shown)
        literal(substr(shown, 2))
        prose(about, 0)
    }
    about = ""
}

# Of a row's cells, and of the comment behind it if there is one: its name, number and text.
function macro_row(cell, cells,    i, name, number, text)
{
    for (i = cells; i > 0; i--)
        if (cell[i] ~ /^-?[0-9]+$/)
            number = cell[i]
        else if (cell[i] ~ /^[A-Z][A-Z0-9_]*$/)
            name = cell[i]
        else if (cell[i] ~ /^"/ && text == "")
            text = substr(cell[i], 2, length(cell[i]) - 2)
    gsub(/\\"/, "\"", text)
    if (list ~ /^ ?\/\* /)
        text = substr(list, index(list, "/*") + 3, index(list, "*/") - index(list, "/*") - 4)
    return name "\t" number "\t" text
}

function constants_of(name, made_by,    i)
{
    if (!list_rows[made_by])
        fail(FILENAME ":" FNR, "enum " name " is made of " made_by "(), which has no rows here")
    about = list_about[made_by]
    sub(/[ \n]*\*\/$/, "", about)
    prose(about " The constants of enum " name ", rows of " made_by ": */", 0)
    for (i = 1; i <= list_rows[made_by]; i++)
        put_row(list_row[made_by, i])
    close_list()
}

function put_row(row,    cell)
{
    split(row, cell, "\t")
    sub(/^-/, "\\-", cell[2])
    item("Dv " cell[1] " Pq " cell[2])
    fill(cell[3])
    fresh = 0
}

# ---- text of C

function one_line(text)
{
    gsub(/[ \n]+/, " ", text)
    return text
}

# What stands between the parenthesis at `open` and its partner, cut at commas, but not at those in
# strings and in inner parentheses; `after` is where the text goes on.
function arguments(text, open, argument,    i, c, depth, quoted, count, from)
{
    from = open + 1
    for (i = open; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\")
            i++
        else if (c == "\"")
            quoted = !quoted
        else if (!quoted && c == "(")
            depth++
        else if (!quoted && c == ")")
            depth--
        if (!quoted && (depth == 0 || depth == 1 && c == ",")) {
            argument[++count] = substr(text, from, i - from)
            gsub(/^ +| +$/, "", argument[count])
            from = i + 1
        }
        if (depth == 0) {
            after = i + 1
            return count
        }
    }
    fail(FILENAME ":" FNR, "a parenthesis is not closed: " text)
}

# Without what only compilers want to know. A member of a struct that had it becomes one line, and
# the comments beside it begin in one column again.
function plain(text,    line, count, kept, i, changed, first)
{
    count = split(text, line, "\n")
    for (i = 1; i <= count; i++) {
        line[++kept] = line[i]
        if (line[kept] !~ /_(NULLABLE|NONNULL)/)
            continue
        while (count > 1 && line[kept] !~ /;/ && i < count) {
            sub(/^ +/, "", line[++i])
            line[kept] = line[kept] " " line[i]
        }
        gsub(/ ?[A-Z]+_(NULLABLE|NONNULL) ?/, "", line[kept])
        changed[kept] = 1
    }
    text = ""
    for (i = 1; i <= kept; i++) {
        first = line[i] ~ /; +\/\*.*\*\/$/ ? (first ? first : i) : 0
        if (changed[i] && first)
            realign(line, first, kept)
    }
    for (i = 1; i <= kept; i++)
        text = text (i > 1 ? "\n" : "") line[i]
    return text
}

function realign(line, first, last,    i, width)
{
    for (i = first; i <= last && match(line[i], /; +\/\*.*\*\/$/); i++)
        if (RSTART > width)
            width = RSTART
    for (i = first; i <= last && match(line[i], /; +\/\*/); i++)
        line[i] = sprintf("%-" width "s %s", substr(line[i], 1, RSTART), \
                          substr(line[i], RSTART + RLENGTH - 2))
}

# ---- text of the page: `fresh` is true where a paragraph begins anyway

function put(line)
{
    body = body line "\n"
}

function close_list()
{
    if (in_list)
        put(".El")
    in_list = 0
}

function item(title)
{
    if (!in_list)
        put(".Bl -tag -width Ds")
    in_list = 1
    put(".It " title)
    fresh = 1
}

# A comment: its paragraphs, with `inside` as those of the item of a list that was begun last.
function prose(comment, inside,    line, count, i, text, mode, word)
{
    sub(/[ \n]*\*\/$/, "", comment)
    gsub(/\n \* ?/, "\n", comment)
    sub(/^\/\*[ \n]*/, "", comment)
    count = split(comment, line, "\n")
    for (i = 1; i <= count + 1; i++)
        if (line[i] ~ /^  +[^ ]+  +[^ ]/) {
            if (mode != "row") {
                end_text(mode, text, inside)
                put(".Bl -tag -width ENOTSUP -compact")
            } else
                fill(text)
            mode = "row"
            split(line[i], word)
            put(".It " word[1])
            match(line[i], /^ +[^ ]+ +/)
            text = substr(line[i], RLENGTH + 1)
        } else if (line[i] ~ /^  /) {
            if (mode == "") {
                gsub(/\),/, ")\n.It", text)
                sub(/^ +/, "", text)
                item(text)
                mode = "item"
                text = ""
            }
            text = text " " line[i]
        } else {
            if (mode != "" || line[i] == "") {
                end_text(mode, text, inside)
                mode = text = ""
            }
            text = text " " line[i]
        }
}

function end_text(mode, text, inside)
{
    if (text ~ /^ *$/)
        return
    if (mode == "" && !inside)
        close_list()
    if (mode != "row" && !fresh)
        put(".Pp")
    fill(text)
    if (mode == "row")
        put(".El")
    fresh = 0
}

# Lines of 80 columns, a new one for each sentence.
function fill(text,    word, count, i, line)
{
    count = split(text, word)
    for (i = 1; i <= count; i++) {
        word[i] = escaped(word[i])
        if (line != "" && length(line " " word[i]) > 80) {
            put(guarded(line))
            line = ""
        }
        line = line (line == "" ? "" : " ") word[i]
        if (word[i] ~ /[.!?][")]*$/ || i == count) {
            put(guarded(line))
            line = ""
        }
    }
}

function literal(text,    line, count, i)
{
    close_list()
    put(".Bd -literal -offset indent")
    count = split(text, line, "\n")
    for (i = 1; i <= count; i++)
        put(guarded(escaped(line[i])))
    put(".Ed")
    fresh = 0
}

# No line of text is taken for a line of macros.
function guarded(line)
{
    return (line ~ /^[.']/ ? "\\&" : "") line
}

function escaped(text,    out, i)
{
    for (i = index(text, "\\"); i > 0; i = index(text, "\\")) {
        out = out substr(text, 1, i - 1) "\\e"
        text = substr(text, i + 1)
    }
    return out text
}
