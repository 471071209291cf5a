/*
 * What surrounds every exported call: the lock, which holds signals back as a system call does,
 * faults, the hook, the log and the file with the state. Nothing here allocates, so that a client
 * may call from a signal handler.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "kperf_machine.h"

enum { LOG_LINES = 8192, FAULTS = 64 };

static const struct {
    const char *name;
    int64_t fails;
} functions[FUNCTIONS] = {
#define X(name, fails) {#name, fails},
    SIM_FUNCTIONS(X)
#undef X
};

/* ---------------------------------------------------------------------------------------- faults
 */

static struct fault {
    bool armed, every;
    enum fault_kind kind;
    int function; /* FUNCTIONS: any */
    char name[64];
    unsigned left;
    int64_t result;
    int error; /* of FAULT_SIGNAL and FAULT_SIGNAL_BEFORE: the signal */
} faults[FAULTS];

static unsigned calls[FUNCTIONS + 1]; /* the last: of any */

static int find_function(const char *text, size_t length)
{
    if (length == 1 && *text == '*')
        return FUNCTIONS;
    for (int i = 0; i < FUNCTIONS; i++)
        if (strlen(functions[i].name) == length && memcmp(functions[i].name, text, length) == 0)
            return i;
    return -1;
}

bool fault_function_exists(const char *function)
{
    return find_function(function, strcspn(function, "/")) >= 0;
}

bool fault_add(enum fault_kind kind, const char *function, unsigned nth, int64_t result, int error)
{
    const size_t length = strcspn(function, "/");
    const char *name = function[length] == '/' ? function + length + 1 : "";
    const int found = find_function(function, length);
    if (found < 0 || strlen(name) >= sizeof(faults->name))
        return false;
    for (unsigned i = 0; i < FAULTS; i++) {
        struct fault *fault = &faults[i];
        if (fault->armed)
            continue;
        *fault = (struct fault){.armed = true, .every = nth == 0, .kind = kind, .left = nth};
        fault->function = found;
        fault->result = result;
        fault->error = error;
        memcpy(fault->name, name, strlen(name) + 1);
        return true;
    }
    return false;
}

static bool fault_fires(struct fault *fault, enum function function, const char *name)
{
    if (!fault->armed || (fault->function != FUNCTIONS && fault->function != (int)function))
        return false;
    if (fault->name[0] != '\0' && (name == NULL || strcmp(name, fault->name) != 0))
        return false;
    if (fault->every)
        return true;
    if (--fault->left != 0)
        return false;
    fault->armed = false;
    return true;
}

static bool is_signal(const struct fault *fault)
{
    return fault->kind == FAULT_SIGNAL || fault->kind == FAULT_SIGNAL_BEFORE;
}

/*
 * All that wait count this call; the first of a kind to fire has it. A signal at every call leaves
 * a thread alone that has it blocked: its handler may call in here.
 */
static void take_faults(struct call *call, const char *name)
{
    for (unsigned i = 0; i < FAULTS; i++) {
        struct fault *fault = &faults[i];
        if (!fault_fires(fault, call->function, name))
            continue;
        if (is_signal(fault) && fault->every && sim_signal_blocked(fault->error))
            continue;
        if (fault->kind == FAULT_SIGNAL)
            call->signal = fault->error;
        else if (fault->kind == FAULT_SIGNAL_BEFORE)
            call->signal_before = fault->error;
        else if (fault->kind == FAULT_INSTEAD && !call->instead)
            call->instead = true;
        else if (fault->kind == FAULT_AFTER && !call->after)
            call->after = true;
        else
            continue;
        if (!is_signal(fault)) {
            call->fault_result =
                fault->result == SIM_FAILS ? functions[call->function].fails : fault->result;
            call->fault_error = fault->error;
        }
    }
}

void sim_fail_clear(void)
{
    sim_lock_process();
    memset(faults, 0, sizeof(faults));
    sim_unlock_process();
}

unsigned sim_calls(const char *function)
{
    const int found = find_function(function, strlen(function));
    sim_lock_process();
    const unsigned count = found < 0 ? 0 : calls[found];
    sim_unlock_process();
    return count;
}

/* ------------------------------------------------------------------------------------------- hook
 */

static void (*hook)(const char *function, unsigned call, void *context);
static void *hook_context;
static _Thread_local __attribute__((tls_model("initial-exec"))) bool in_hook;

void sim_hook(void (*before)(const char *, unsigned, void *), void *context)
{
    sim_lock_process();
    hook = before;
    hook_context = context;
    sim_unlock_process();
}

static void run_hook(enum function function)
{
    if (in_hook)
        return;
    sim_lock_process();
    void (*const before)(const char *, unsigned, void *) = hook;
    void *const context = hook_context;
    const unsigned call = calls[FUNCTIONS] + 1;
    sim_unlock_process();
    if (before == NULL)
        return;
    in_hook = true;
    before(functions[function].name, call, context);
    in_hook = false;
}

/* ------------------------------------------------------------------------------------ log, state
 */

static struct {
    char text[LINE];
    unsigned thread;
} lines[LOG_LINES];
static size_t line_count;
static bool log_off;
static int log_file = -1, state_file = -1;

static void write_all(int file, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t done = write(file, text, size);
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

static int open_file(const char *path, int flags)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    if (file < 0) {
        fprintf(stderr, "kperf_sim: %s: %s\n", path, strerror(errno));
        _exit(70);
    }
    return file;
}

void call_set_paths(const char *log_path, const char *state_path)
{
    if (log_file >= 0)
        close(log_file);
    if (state_file >= 0)
        close(state_file);
    log_file = log_path == NULL ? -1 : open_file(log_path, O_APPEND);
    state_file = state_path == NULL ? -1 : open_file(state_path, O_TRUNC);
    machine->state_written[0] = '\0';
}

/*
 * What was written last is in the machine, because a forked child writes this file too. The file
 * is never shorter than one whole line but for the moment it is cut.
 */
void call_state_changed(void)
{
    char text[STATE_TEXT];
    if (state_file < 0)
        return;
    const int length = state_text(text, sizeof(text) - 1);
    text[length] = '\n';
    text[length + 1] = '\0';
    if (strcmp(text, machine->state_written) == 0)
        return;
    memcpy(machine->state_written, text, (size_t)length + 2);
    lseek(state_file, 0, SEEK_SET); /* the place is that of all processes that have the file */
    write_all(state_file, text, (size_t)length + 1);
    if (ftruncate(state_file, length + 1) != 0)
        return;
}

static void append(char *line, const char *format, va_list arguments)
{
    const size_t length = strlen(line);
    vsnprintf(line + length, LINE - length, format, arguments);
    if (strlen(line) == LINE - 1)
        memcpy(line + LINE - 4, "...", 3);
}

static __attribute__((format(printf, 2, 3))) void add(char *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(line, format, arguments);
    va_end(arguments);
}

void call_argue(struct call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (call->log)
        append(call->arguments, format, arguments);
    va_end(arguments);
}

void call_wrote(struct call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (call->log)
        append(call->written, format, arguments);
    va_end(arguments);
}

static void add_values(char *line, const uint64_t *values, size_t count, bool hex)
{
    for (size_t i = 0; i < count; i++)
        add(line, hex ? "%s0x%llx" : "%s%llu", i == 0 ? "[" : ", ", (unsigned long long)values[i]);
    add(line, count == 0 ? "[]" : "]");
}

void call_words(struct call *call, const uint64_t *words, size_t count)
{
    if (call->log)
        add_values(call->arguments, words, count, true);
}

void call_wrote_values(struct call *call, const uint64_t *values, size_t count, bool hex)
{
    if (call->log)
        add_values(call->written, values, count, hex);
}

static void log_call(const struct call *call)
{
    const bool mask =
        call->function == F_kpc_get_counting || call->function == F_kpc_get_thread_counting;
    char *line = lines[line_count % LOG_LINES].text;
    lines[line_count % LOG_LINES].thread = call->thread->number;
    line[0] = '\0';
    add(line, mask ? "%s(%s) = 0x%llx" : "%s(%s) = %lld", functions[call->function].name,
        call->arguments, (long long)call->result);
    if (call->error != 0) {
        const char *name = errno_name(call->error);
        add(line, name != NULL ? " %s" : " errno ", name);
        if (name == NULL)
            add(line, "%d", call->error);
    }
    if (call->written[0] != '\0')
        add(line, " %s", call->written);
    line_count++;
    if (log_file >= 0) {
        write_all(log_file, line, strlen(line));
        write_all(log_file, "\n", 1);
    }
}

size_t sim_log_count(void)
{
    sim_lock_process();
    const size_t count = line_count;
    sim_unlock_process();
    return count;
}

const char *sim_log_at(size_t index)
{
    static _Thread_local char line[LINE];
    const char *found = NULL;
    sim_lock_process();
    if (index < line_count && line_count - index <= LOG_LINES)
        found = memcpy(line, lines[index % LOG_LINES].text, LINE);
    sim_unlock_process();
    return found;
}

unsigned sim_log_thread(size_t index)
{
    sim_lock_process();
    const bool there = index < line_count && line_count - index <= LOG_LINES;
    const unsigned thread = there ? lines[index % LOG_LINES].thread : 0;
    sim_unlock_process();
    return thread;
}

void sim_log_clear(void)
{
    sim_lock_process();
    line_count = 0;
    sim_unlock_process();
}

void sim_log_enable(bool on)
{
    sim_lock_process();
    log_off = !on;
    sim_unlock_process();
}

void calls_reset(void)
{
    memset(faults, 0, sizeof(faults));
    memset(calls, 0, sizeof(calls));
    hook = NULL;
    line_count = 0;
    log_off = false;
    registry_reset();
}

/* -------------------------------------------------------------------------------------- the call
 */

bool call_begin(struct call *call, enum function function, const char *name)
{
    const int errno_before = errno;
    sim_load();
    run_hook(function);
    sim_lock_machine();
    call->function = function;
    call->errno_before = errno_before;
    call->error = call->signal = call->signal_before = 0;
    call->instead = call->after = false;
    call->result = 0;
    call->log = !log_off;
    call->arguments[0] = call->written[0] = '\0';
    calls[function]++;
    calls[FUNCTIONS]++;
    take_faults(call, name);
    if (call->signal_before != 0) {
        sim_unlock();
        raise(call->signal_before);
        sim_lock_machine();
    }
    call->thread = current_thread();
    thread_come_on(call->thread);
    call->thread->calls++;
    if (machine->config.preempt != 0 && call->thread->calls % machine->config.preempt == 0)
        thread_preempt(call->thread);
    return !call->instead;
}

int64_t call_end(struct call *call)
{
    if (call->instead || call->after) {
        call->result = call->fault_result;
        call->error = call->fault_error;
    }
    if (call->log)
        log_call(call);
    call_state_changed();
    const int64_t result = call->result;
    sim_unlock();
    if (call->signal != 0)
        raise(call->signal);
    errno = call->error != 0 ? call->error : call->errno_before;
    return result;
}
