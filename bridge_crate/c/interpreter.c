/* Start of the interpreter and the entry points of a canister.
 *
 * Three things live in C because Rust cannot say them: functions that take or return PyStatus by value
 * (its ABI differs), structures of internal headers, and a thousand functions that differ in one number.
 */

#define Py_BUILD_CORE
#include "Python.h"
#include "internal/pycore_context.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_runtime.h"

extern PyObject *PyInit__basilisk_ic(void);
extern void basilisk_method(int slot);
extern void basilisk_entry(int entry);

/* Describes a failed status in one line; returns -1. */
static int
failed(PyStatus status, char *text, size_t size)
{
    snprintf(text, size, "the interpreter did not start: %s: %s",
             status.func ? status.func : "CPython", status.err_msg ? status.err_msg : "exit requested");
    return -1;
}

/* Starts CPython in isolation: no environment, no paths, no signals, a fixed hash secret.
 *
 * Everything that could differ from machine to machine is set here by value.  `frozen` replaces the table
 * of frozen modules; it must stay valid for the life of the program.  Returns 0, or -1 and a text. */
int
basilisk_start_interpreter(const struct _frozen *frozen, char *text, size_t size)
{
    PyImport_FrozenModules = frozen;
    if (PyImport_AppendInittab("_basilisk_ic", PyInit__basilisk_ic) < 0) {
        snprintf(text, size, "the interpreter did not start: no memory for the module table");
        return -1;
    }

    PyPreConfig preconfig;
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.utf8_mode = 1;
    preconfig.configure_locale = 0;
#ifdef BASILISK_DEBUG
    preconfig.allocator = PYMEM_ALLOCATOR_DEBUG; /* guards around each block, looked at when it ends */
#endif
    PyStatus status = Py_PreInitialize(&preconfig);
    if (PyStatus_Exception(status)) {
        return failed(status, text, size);
    }

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.use_hash_seed = 1; /* the secret cannot change after a snapshot, so it is the same everywhere */
    config.hash_seed = 0;
    config.site_import = 0;
    config.install_signal_handlers = 0;
    config.buffered_stdio = 0; /* the console collects lines; a buffer would lose output at a trap */
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.module_search_paths_set = 1;
    config.code_debug_ranges = 1;

    static const struct { size_t offset; const wchar_t *value; } strings[] = {
        {offsetof(PyConfig, program_name), L"basilisk"},
        {offsetof(PyConfig, executable), L""},
        {offsetof(PyConfig, base_executable), L""},
        {offsetof(PyConfig, prefix), L"/"},
        {offsetof(PyConfig, base_prefix), L"/"},
        {offsetof(PyConfig, exec_prefix), L"/"},
        {offsetof(PyConfig, base_exec_prefix), L"/"},
        {offsetof(PyConfig, platlibdir), L"lib"},
        {offsetof(PyConfig, stdlib_dir), L"<stdlib>"}, /* frozen modules have a __file__ with it, as elsewhere */
        {offsetof(PyConfig, home), L"/"},
        {offsetof(PyConfig, filesystem_encoding), L"utf-8"},
        {offsetof(PyConfig, filesystem_errors), L"surrogateescape"},
        {offsetof(PyConfig, stdio_encoding), L"utf-8"},
        {offsetof(PyConfig, stdio_errors), L"backslashreplace"},
    };
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        wchar_t **field = (wchar_t **)((char *)&config + strings[i].offset);
        status = PyConfig_SetString(&config, field, strings[i].value);
        if (PyStatus_Exception(status)) {
            PyConfig_Clear(&config);
            return failed(status, text, size);
        }
    }

    status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        return failed(status, text, size);
    }
    return 0;
}

/* Gives the running interpreter another table of frozen modules, valid for the life of the program too. */
void
basilisk_use_frozen(const struct _frozen *frozen)
{
    PyImport_FrozenModules = frozen;
}

/* Takes a module out of the table of built-in modules, so that nothing leads to its code any more. */
void
basilisk_withdraw(const char *name)
{
    struct _inittab *table = _PyRuntime.imports.inittab;
    struct _inittab *kept = table;
    for (; table->name != NULL; table++) {
        if (strcmp(table->name, name) != 0) {
            *kept++ = *table;
        }
    }
    memset(kept, 0, (char *)table - (char *)kept);
}

/* Context variables (module contextvars) as the program's import left them. */
static PyObject *kept_context;
static PyHamtObject *kept_variables;

/* Remembers the context variables of the main context; called once, when the program is sealed. */
void
basilisk_keep_context(void)
{
    kept_context = _PyThreadState_GET()->context;
    if (kept_context != NULL) {
        kept_variables = (PyHamtObject *)Py_NewRef(((PyContext *)kept_context)->ctx_vars);
    }
}

/* Gives the main context the values that were remembered: what one message sets, the next does not see. */
void
basilisk_reset_context(void)
{
    PyThreadState *state = _PyThreadState_GET();
    if (state->context == NULL) {
        return;
    }
    if (kept_context == NULL) {
        Py_CLEAR(state->context);
        state->context_ver++;
        return;
    }
    PyContext *context = (PyContext *)state->context;
    if (context->ctx_vars != kept_variables) {
        PyHamtObject *former = context->ctx_vars;
        context->ctx_vars = (PyHamtObject *)Py_NewRef(kept_variables);
        Py_DECREF(former);
        state->context_ver++;
    }
}

/* Entry points.  A canister exports some of them under its own names; the code of all canisters of one
 * runtime is therefore the same, byte for byte. */

#define METHOD(n) \
    __attribute__((export_name("basilisk_method_" #n))) void basilisk_method_##n(void) { basilisk_method(n); }
#define TEN(n) METHOD(n##0) METHOD(n##1) METHOD(n##2) METHOD(n##3) METHOD(n##4) \
    METHOD(n##5) METHOD(n##6) METHOD(n##7) METHOD(n##8) METHOD(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) \
    TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)

METHOD(0) METHOD(1) METHOD(2) METHOD(3) METHOD(4) METHOD(5) METHOD(6) METHOD(7) METHOD(8) METHOD(9)
TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9)
HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4) HUNDRED(5) HUNDRED(6) HUNDRED(7) HUNDRED(8) HUNDRED(9)

/* The numbers are those of `Entry` in src/dispatch.rs. */
#define ENTRY(name, n) \
    __attribute__((export_name("basilisk_entry_" #name))) void basilisk_entry_##name(void) { basilisk_entry(n); }

ENTRY(init, 0)
ENTRY(post_upgrade, 1)
ENTRY(pre_upgrade, 2)
ENTRY(inspect_message, 3)
ENTRY(heartbeat, 4)
ENTRY(global_timer, 5)
ENTRY(on_low_wasm_memory, 6)
