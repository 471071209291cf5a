/*
 * What kind of core each CPU is, as macOS names it: from the IORegistry, by public
 * functions of IOKit and CoreFoundation that are loaded at run time. Off macOS the
 * library given for kperf may have them too.
 */
#include "internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* CoreFoundation's, of which only pointers are handed on. */
typedef const void *object;

struct registry {
    void *iokit, *core_foundation; /* handles to close */
    uint32_t (*from_path)(uint32_t port, const char path[512]);
    int (*children)(uint32_t entry, const char *plane, uint32_t *iterator);
    uint32_t (*next)(uint32_t iterator);
    object (*property)(uint32_t entry, object key, object allocator, uint32_t options);
    int (*release)(uint32_t object);
    object (*string)(object allocator, const char *text, uint32_t encoding);
    long (*length)(object data);
    const uint8_t *(*bytes)(object data);
    unsigned long (*type)(object data);
    unsigned long (*data_type)(void);
    void (*free)(object object);
};

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
    {"IORegistryEntryFromPath", offsetof(struct registry, from_path)},
    {"IORegistryEntryGetChildIterator", offsetof(struct registry, children)},
    {"IOIteratorNext", offsetof(struct registry, next)},
    {"IORegistryEntryCreateCFProperty", offsetof(struct registry, property)},
    {"IOObjectRelease", offsetof(struct registry, release)},
    {"CFStringCreateWithCString", offsetof(struct registry, string)},
    {"CFDataGetLength", offsetof(struct registry, length)},
    {"CFDataGetBytePtr", offsetof(struct registry, bytes)},
    {"CFGetTypeID", offsetof(struct registry, type)},
    {"CFDataGetTypeID", offsetof(struct registry, data_type)},
    {"CFRelease", offsetof(struct registry, free)},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0], ASCII = 0x0600 };

struct kplive_cores {
    unsigned count;
    char letter[][4]; /* of CPU i; "" where it is not known */
};

static void close_registry(struct registry *registry)
{
    if (registry->core_foundation != NULL)
        dlclose(registry->core_foundation);
    if (registry->iokit != NULL)
        dlclose(registry->iokit);
}

static bool open_registry(const struct kplive *sampler, struct registry *registry)
{
    memset(registry, 0, sizeof *registry);
#ifdef __APPLE__
    (void)sampler;
    registry->iokit = dlopen("/System/Library/Frameworks/IOKit.framework/IOKit", RTLD_LAZY);
    registry->core_foundation =
        dlopen("/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation", RTLD_LAZY);
    if (registry->iokit == NULL || registry->core_foundation == NULL)
        return false;
#endif
    for (size_t i = 0; i < FUNCTIONS; i++) {
#ifdef __APPLE__
        void *handle = *functions[i].name == 'C' ? registry->core_foundation : registry->iokit;
#else
        void *handle = sampler->frameworks.kperf;
#endif
        void *address = dlsym(handle, functions[i].name);

        if (address == NULL)
            return false;
        memcpy((char *)registry + functions[i].offset, &address, sizeof address);
    }
    return true;
}

/* Copies the bytes of CoreFoundation's data, cut to size; returns how many. */
static size_t copy_data(const struct registry *r, object value, void *data, size_t size)
{
    long length = r->type(value) == r->data_type() ? r->length(value) : 0;
    const uint8_t *bytes = length > 0 ? r->bytes(value) : NULL;

    if (bytes == NULL)
        return 0;
    size = (size_t)length < size ? (size_t)length : size;
    memcpy(data, bytes, size);
    return size;
}

/* Copies a property; returns how many bytes, 0 when there is none or it is no data. */
static size_t read_data(const struct registry *r, uint32_t entry, const char *name, void *data,
                        size_t size)
{
    object key = r->string(NULL, name, ASCII), value;

    if (key == NULL)
        return 0;
    value = r->property(entry, key, NULL, 0);
    r->free(key);
    if (value == NULL)
        return 0;
    size = copy_data(r, value, data, size);
    r->free(value);
    return size;
}

/* "E\0" of the CPU with that number, which is little-endian (kernel.md 7.2). */
static void read_core(const struct registry *r, uint32_t entry, struct kplive_cores *cores)
{
    uint8_t id[4];
    char letter[4] = "";
    uint32_t cpu;

    if (read_data(r, entry, "logical-cpu-id", id, sizeof id) != sizeof id ||
        read_data(r, entry, "cluster-type", letter, sizeof letter - 1) == 0)
        return;
    cpu = id[0] | (uint32_t)id[1] << 8 | (uint32_t)id[2] << 16 | (uint32_t)id[3] << 24;
    for (size_t i = 0; letter[i] != '\0'; i++)
        if (letter[i] <= ' ' || letter[i] > '~')
            return;
    if (cpu < cores->count)
        memcpy(cores->letter[cpu], letter, sizeof letter);
}

static void read_cores(const struct registry *r, struct kplive_cores *cores)
{
    uint32_t cpus = r->from_path(0, "IODeviceTree:/cpus"), iterator = 0, entry;
    unsigned most = 2 * cores->count; /* a registry that ends nowhere is left */

    if (cpus == 0)
        return;
    if (r->children(cpus, "IODeviceTree", &iterator) == 0 && iterator != 0) {
        while (most-- > 0 && (entry = r->next(iterator)) != 0) {
            read_core(r, entry, cores);
            (void)r->release(entry);
        }
        (void)r->release(iterator);
    }
    (void)r->release(cpus);
}

const char *kplive_core(struct kplive *sampler, unsigned cpu)
{
    struct registry registry;

    if (sampler->cores == NULL) {
        struct kplive_cores *cores =
            calloc(1, sizeof *cores + sampler->cpus * sizeof cores->letter[0]);

        if (cores == NULL)
            return "";
        cores->count = sampler->cpus;
        if (open_registry(sampler, &registry))
            read_cores(&registry, cores);
        close_registry(&registry);
        sampler->cores = cores;
    }
    return cpu < sampler->cores->count ? sampler->cores->letter[cpu] : "";
}
