"""First module of the runtime: where modules come from, and the talk with the build host.

It is frozen into the library blob and runs right after the interpreter's start, so it uses nothing that a
finder would have to find.  Requests are described in ``docs/architecture.md``.
"""

import _basilisk_ic
import _frozen_importlib as _bootstrap
import marshal
import sys

#: Modules of the standard library whose bodies read the clock; they see the epoch at build time.
_READS_CLOCK = frozenset({"logging"})


class RefusalFinder:
    """Says why a module of the standard library cannot be imported; comes before all that could find it."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        reason = _basilisk_ic.stdlib_refusal(fullname)
        if reason is not None:
            raise ModuleNotFoundError(reason, name=fullname)


class StdlibFinder:
    """Finds the modules of the standard library in the runtime's blob; an instance loads one module."""

    __slots__ = ()

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        package = _basilisk_ic.stdlib_has(fullname)
        if package is None:
            return None
        tail = fullname.replace(".", "/") + ("/__init__.py" if package else ".py")
        spec = _bootstrap.ModuleSpec(fullname, cls(), origin="<stdlib>/" + tail, is_package=package)
        spec.has_location = True
        if package:
            spec.submodule_search_locations.append("<stdlib>/" + fullname.replace(".", "/"))
        return spec

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__spec__.name
        code = _basilisk_ic.stdlib_find(name)[1]
        if name not in _READS_CLOCK:
            exec(code, module.__dict__)
            return
        _basilisk_ic.set_library_import(True)
        try:
            exec(code, module.__dict__)
        finally:
            _basilisk_ic.set_library_import(False)

    @staticmethod
    def get_code(fullname):
        found = _basilisk_ic.stdlib_find(fullname)
        if found is None:
            raise ImportError("no such module in the standard library: " + fullname, name=fullname)
        return found[1]

    @staticmethod
    def get_source(fullname):
        return None

    @staticmethod
    def is_package(fullname):
        return bool(_basilisk_ic.stdlib_has(fullname))

    @staticmethod
    def get_data(path):
        from _basilisk_resources import read

        return read(path)

    @staticmethod
    def get_resource_reader(fullname):
        from _basilisk_resources import Reader

        return Reader(fullname) if _basilisk_ic.stdlib_has(fullname) else None

    @staticmethod
    def iter_modules(prefix=""):
        from _basilisk_resources import submodules

        return submodules("", prefix)


class _Entry:
    """A module of the bundle: source text, or code that was packed once the source was not needed."""

    __slots__ = ("file", "own", "package", "packed", "source")

    def __init__(self, package, file, source, own):
        self.package = package
        self.file = file
        self.source = source
        self.own = own
        self.packed = None

    def code(self):
        if self.packed is not None:
            import zlib

            return marshal.loads(zlib.decompress(self.packed))
        # Basilisk's own modules go without docstrings: nobody reads them in a canister.
        optimize = 2 if self.own else -1
        return compile(self.source, self.file or "<namespace>", "exec", dont_inherit=True, optimize=optimize)

    def pack(self):
        import zlib

        self.packed = zlib.compress(marshal.dumps(self.code()), 9)
        self.source = None


class _Packed(dict):
    """Paths of packed files below ``/app``; ``get`` reads one from the file system."""

    def add(self, path, content):
        _basilisk_ic.pack_file(path, content)
        self[path] = None

    def get(self, path, default=None):
        if path not in self:
            return default
        with open("/app/" + path, "rb") as file:
            return file.read()


class BundleFinder:
    """Finds Basilisk's, the user's and third-party modules, which were packed at build time.

    As with the interpreter's own finders for files, a module's loader is an instance: code that looks for
    functions in a module must not find it.
    """

    __slots__ = ()

    #: name -> entry, or the text of a refusal.
    modules = {}
    #: Files of the program, of packages and of what is installed.
    data = _Packed()

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        entry = cls.modules.get(fullname)
        if entry is None:
            return None
        if isinstance(entry, str):
            # What a missing file raises on a host: some packages catch nothing wider.
            raise ModuleNotFoundError(entry, name=fullname)
        spec = _bootstrap.ModuleSpec(fullname, cls(), origin=entry.file, is_package=entry.package)
        spec.has_location = entry.file is not None
        if entry.package:
            folder = fullname.replace(".", "/") if entry.file is None else entry.file.rpartition("/")[0]
            spec.submodule_search_locations.append(folder)
        return spec

    @staticmethod
    def create_module(spec):
        return None

    @classmethod
    def exec_module(cls, module):
        exec(cls.get_code(module.__spec__.name), module.__dict__)

    @classmethod
    def get_code(cls, fullname):
        return cls._entry(fullname).code()

    @classmethod
    def get_source(cls, fullname):
        source = cls._entry(fullname).source
        if source is None:
            return None
        if source[:3] == b"\xef\xbb\xbf":
            source = source[3:]
        return source.decode("utf-8", "replace")

    @classmethod
    def is_package(cls, fullname):
        return cls._entry(fullname).package

    @classmethod
    def get_filename(cls, fullname):
        file = cls._entry(fullname).file
        if file is None:
            raise ImportError("a namespace package has no file: " + fullname, name=fullname)
        return file

    # What few programs ask for lies in modules of its own, which are loaded when they do.

    @classmethod
    def get_data(cls, path):
        from basilisk._guest.resources import read

        return read(cls, path)

    @classmethod
    def get_resource_reader(cls, fullname):
        from basilisk._guest.resources import reader

        return reader(cls, fullname)

    @classmethod
    def iter_modules(cls, prefix=""):
        from basilisk._guest.resources import submodules

        return submodules(cls, "", prefix)

    @classmethod
    def find_distributions(cls, context=None):
        from basilisk._guest.installed import distributions

        return distributions(cls, context)

    @classmethod
    def _entry(cls, fullname):
        entry = cls.modules.get(fullname)
        if entry is None or isinstance(entry, str):
            raise ImportError("no such module in this canister: " + fullname, name=fullname)
        return entry


def _path_entry(path):
    """What pkgutil asks for the modules of a package; nothing is imported through it."""
    if path.startswith("<stdlib>/"):
        from _basilisk_resources import PackageFolder

        return PackageFolder(path)
    from basilisk._guest.resources import PackageFolder

    return PackageFolder(BundleFinder, path)


def install():
    """Sets the finders.  The file system is not searched: nothing can be imported from it."""
    sys.meta_path[:] = [
        RefusalFinder,
        _bootstrap.BuiltinImporter,
        BundleFinder,
        _bootstrap.FrozenImporter,
        StdlibFinder,
    ]
    sys.path[:] = []
    sys.path_hooks[:] = [_path_entry]
    sys.path_importer_cache.clear()


def format_exception(error):
    """The traceback and message of an exception, as the interpreter prints it."""
    try:
        from basilisk._guest.tracebacks import format_exception as format
    except ImportError:
        import traceback

        return "".join(traceback.format_exception(error))
    return format(error)


def _load(request):
    for name, entry in request["modules"].items():
        if "refused" in entry:
            BundleFinder.modules[name] = entry["refused"]
        else:
            own = entry.get("own", False)
            BundleFinder.modules[name] = _Entry(entry["package"], entry["file"], entry["source"], own)
    for path, content in request["data"].items():
        BundleFinder.data.add(path, content)
    return {"ok": True}


def _settle(request):
    """Drops the source of Basilisk's own modules; those that were not imported yet are packed as code."""
    for name, entry in BundleFinder.modules.items():
        if isinstance(entry, str) or not entry.own or entry.source is None:
            continue
        if name in sys.modules:
            entry.source = None
        else:
            entry.pack()
    sys.modules.pop("zlib", None)
    return {"ok": True}


def _import(request):
    for name in request["names"]:
        __import__(name)
    return {"ok": True}


def _call(request):
    module, _, function = request["target"].partition(":")
    __import__(module)
    return getattr(sys.modules[module], function)(request["request"])


_OPERATIONS = {"load": _load, "settle": _settle, "import": _import, "call": _call}


def handle(request):
    """Answers one request of the build host; both sides are marshalled (version 2)."""
    try:
        request = marshal.loads(request)
        answer = _OPERATIONS[request["op"]](request)
    except BaseException as error:
        answer = {
            "ok": False,
            "error": {
                "kind": "internal",
                "message": type(error).__name__ + ": " + str(error),
                "traceback": format_exception(error),
            },
        }
    return marshal.dumps(answer, 2)


install()
