/*
 * What the I/O registry says of the machine's CPUs, and as much of IOKit and CoreFoundation as it
 * takes to ask: "IODeviceTree:/cpus" has a child for each, with its number and the letter of its
 * kind. Ports and objects belong to a process and are counted until they are released; one that is
 * not there any more ends the program, as it does on a Mac, or may.
 */
#include <stdio.h>

#include "kperf_machine.h"

enum { MAX_OBJECTS = 256, MAX_BYTES = 64, FIRST_PORT = 0x103, STRING_TYPE = 7, DATA_TYPE = 20 };

#define BAD_ARGUMENT ((int)0xe00002c2)
#define UTF8         0x08000100u
#define ASCII        0x0600u

enum port_kind { NO_PORT, CPUS, ONE_CPU, ITERATOR };

static struct port {
    enum port_kind kind;
    unsigned place; /* of a CPU: its number; of an iterator: how far it has come */
} ports[MAX_OBJECTS];

static struct object {
    unsigned type; /* 0: free */
    size_t length;
    uint8_t bytes[MAX_BYTES];
} objects[MAX_OBJECTS];

void registry_reset(void)
{
    memset(ports, 0, sizeof(ports));
    memset(objects, 0, sizeof(objects));
}

/* No port is inherited; an object is memory. */
void registry_forked(void)
{
    memset(ports, 0, sizeof(ports));
}

unsigned sim_registry_objects(void)
{
    unsigned count = 0;
    sim_lock_machine();
    for (unsigned i = 0; i < MAX_OBJECTS; i++)
        count += (ports[i].kind != NO_PORT ? 1u : 0) + (objects[i].type != 0 ? 1u : 0);
    sim_unlock();
    return count;
}

/* ------------------------------------------------------------------------------------------ ports
 */

/* 0 when there is no room. */
static uint32_t new_port(enum port_kind kind, unsigned place)
{
    for (unsigned i = 0; i < MAX_OBJECTS; i++)
        if (ports[i].kind == NO_PORT) {
            ports[i] = (struct port){.kind = kind, .place = place};
            return FIRST_PORT + 4 * i;
        }
    return 0;
}

static struct port *find_port(uint32_t name)
{
    const uint32_t place = (name - FIRST_PORT) / 4;
    if (name < FIRST_PORT || place >= MAX_OBJECTS || (name - FIRST_PORT) % 4 != 0)
        return NULL;
    return ports[place].kind != NO_PORT ? &ports[place] : NULL;
}

static bool has_registry(void)
{
    return !machine->x86 && machine->config.vm == SIM_VM_NONE &&
           machine->config.registry != SIM_REGISTRY_GONE;
}

/* The odd ones first: no client may take a place in this order for a number. */
static unsigned nth_child(unsigned nth)
{
    const unsigned odd = machine->ncpu / 2;
    return nth < odd ? 2 * nth + 1 : 2 * (nth - odd);
}

uint32_t IORegistryEntryFromPath(uint32_t main_port, const char *path)
{
    struct call call;
    const bool go = call_begin(&call, F_IORegistryEntryFromPath, NULL);
    call_argue(&call, "%u, %s", main_port, path);
    if (go && has_registry() && strcmp(path, "IODeviceTree:/cpus") == 0)
        call.result = new_port(CPUS, 0);
    return (uint32_t)call_end(&call);
}

int IORegistryEntryGetChildIterator(uint32_t entry, const char *plane, uint32_t *iterator)
{
    struct call call;
    const bool go = call_begin(&call, F_IORegistryEntryGetChildIterator, NULL);
    const struct port *port = find_port(entry);
    call_argue(&call, "%u, %s", entry, plane);
    if (go && (port == NULL || port->kind == ITERATOR || strcmp(plane, "IODeviceTree") != 0)) {
        call.result = BAD_ARGUMENT;
    } else if (go) {
        *iterator = new_port(ITERATOR, port->kind == CPUS ? 0 : machine->ncpu);
        call_wrote(&call, "[%u]", *iterator);
    }
    return (int)call_end(&call);
}

uint32_t IOIteratorNext(uint32_t iterator)
{
    struct call call;
    const bool go = call_begin(&call, F_IOIteratorNext, NULL);
    struct port *port = find_port(iterator);
    call_argue(&call, "%u", iterator);
    if (go && port != NULL && port->kind == ITERATOR && port->place < machine->ncpu)
        call.result = new_port(ONE_CPU, nth_child(port->place++));
    return (uint32_t)call_end(&call);
}

int IOObjectRelease(uint32_t name)
{
    struct call call;
    const bool go = call_begin(&call, F_IOObjectRelease, NULL);
    struct port *port = find_port(name);
    call_argue(&call, "%u", name);
    if (go && port == NULL)
        call.result = BAD_ARGUMENT;
    else if (go)
        port->kind = NO_PORT;
    return (int)call_end(&call);
}

/* ---------------------------------------------------------------------------------------- objects
 */

/* An object's number, from 1; 0 when there is no room. */
static int64_t new_object(unsigned type, const void *bytes, size_t length)
{
    for (unsigned i = 0; i < MAX_OBJECTS; i++) {
        struct object *object = &objects[i];
        if (object->type != 0 || length > MAX_BYTES)
            continue;
        *object = (struct object){.type = type, .length = length};
        memcpy(object->bytes, bytes, length);
        return i + 1;
    }
    return 0;
}

static const void *reference(int64_t number)
{
    return number > 0 && number <= MAX_OBJECTS ? &objects[number - 1] : NULL;
}

/* Its number. */
static int64_t object_of(struct call *call, const void *pointer)
{
    for (unsigned i = 0; i < MAX_OBJECTS; i++)
        if (pointer == &objects[i] && objects[i].type != 0) {
            call_argue(call, "%u", i + 1);
            return i + 1;
        }
    fprintf(stderr, "kperf_sim: a CoreFoundation object that is none\n");
    abort();
}

static struct object *data_of(struct call *call, const void *pointer)
{
    struct object *object = &objects[object_of(call, pointer) - 1];
    if (object->type == DATA_TYPE)
        return object;
    fprintf(stderr, "kperf_sim: a CFData that is none\n");
    abort();
}

static int64_t property(unsigned cpu, const char *key)
{
    const char *cores = machine->config.cores;
    const char letter[2] = {cores[cpu], '\0'};
    const uint8_t id[4] = {(uint8_t)cpu};
    const bool shorter = machine->config.registry == SIM_REGISTRY_SHORT;
    const bool text = strcmp(key, "cluster-type") == 0;
    if ((!text && strcmp(key, "logical-cpu-id") != 0) ||
        machine->config.registry == SIM_REGISTRY_NONE)
        return 0;
    if (machine->config.registry == SIM_REGISTRY_ODD)
        return new_object(STRING_TYPE, letter, 2);
    if (text)
        return new_object(DATA_TYPE, letter, shorter ? 0 : sizeof(letter));
    return new_object(DATA_TYPE, id, shorter ? 2 : sizeof(id));
}

const void *IORegistryEntryCreateCFProperty(uint32_t entry, const void *key, const void *allocator,
                                            uint32_t options)
{
    struct call call;
    const bool go = call_begin(&call, F_IORegistryEntryCreateCFProperty, NULL);
    const struct port *port = find_port(entry);
    (void)allocator;
    call_argue(&call, "%u, ", entry);
    const struct object *name = &objects[object_of(&call, key) - 1];
    call_argue(&call, ", %u", options);
    if (go && port != NULL && port->kind == ONE_CPU && name->type == STRING_TYPE)
        call.result = property(port->place, (const char *)name->bytes);
    return reference(call_end(&call));
}

const void *CFStringCreateWithCString(const void *allocator, const char *text, uint32_t encoding)
{
    struct call call;
    const bool go = call_begin(&call, F_CFStringCreateWithCString, NULL);
    (void)allocator;
    call_argue(&call, "%s, 0x%x", text, encoding);
    if (go && (encoding == UTF8 || encoding == ASCII))
        call.result = new_object(STRING_TYPE, text, strlen(text) + 1);
    return reference(call_end(&call));
}

long CFDataGetLength(const void *data)
{
    struct call call;
    const bool go = call_begin(&call, F_CFDataGetLength, NULL);
    const struct object *object = data_of(&call, data);
    if (go)
        call.result = (int64_t)object->length;
    return (long)call_end(&call);
}

const uint8_t *CFDataGetBytePtr(const void *data)
{
    struct call call;
    const bool go = call_begin(&call, F_CFDataGetBytePtr, NULL);
    struct object *object = data_of(&call, data);
    if (go)
        call.result = 1; /* an address would be another one every time */
    return call_end(&call) != 0 ? object->bytes : NULL;
}

unsigned long CFGetTypeID(const void *pointer)
{
    struct call call;
    const bool go = call_begin(&call, F_CFGetTypeID, NULL);
    const struct object *object = &objects[object_of(&call, pointer) - 1];
    if (go)
        call.result = object->type;
    return (unsigned long)call_end(&call);
}

unsigned long CFDataGetTypeID(void)
{
    struct call call;
    if (call_begin(&call, F_CFDataGetTypeID, NULL))
        call.result = DATA_TYPE;
    return (unsigned long)call_end(&call);
}

void CFRelease(const void *pointer)
{
    struct call call;
    const bool go = call_begin(&call, F_CFRelease, NULL);
    struct object *object = &objects[object_of(&call, pointer) - 1];
    if (go)
        *object = (struct object){.type = 0};
    call_end(&call);
}
