"""A stand-in for PyTorch, with which Lightning can be imported.

PyTorch's wheel for Linux brings 3 GB of CUDA, and Lightning imports it everywhere,
although its loggers compute nothing with it. install() answers every import of torch
and torchmetrics with modules whose names are empty classes. Nothing can be trained
with it; what is tested is Lightning's own MLFlowLogger, unchanged.
"""

import importlib.abc
import importlib.machinery
import sys
import types


class Anything(type):
    """A class whose attributes are empty classes, too, and that can be a decorator, a type and a bound."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = Anything(name, (Empty,), {})
        setattr(cls, name, made)
        return made

    def __getitem__(cls, _):
        return cls

    def __or__(cls, other):
        return cls

    def __ror__(cls, other):
        return cls

    def __call__(cls, *args, **options):
        if len(args) == 1 and not options and isinstance(args[0], types.FunctionType):
            return args[0]  # It decorates.
        return super().__call__()

    def __iter__(cls):
        return iter(())

    def __bool__(cls):
        return False


class Empty(metaclass=Anything):
    """What the classes make: a decorator whose attributes are empty classes."""

    def __call__(self, decorated=None, *args, **options):
        return decorated

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (Empty,), {})


class Module(types.ModuleType):
    __path__ = []
    __version__ = "2.9.0"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = Anything(name, (Empty,), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchmetrics"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Module(spec.name)

    def exec_module(self, module):
        pass


def install():
    sys.meta_path.insert(0, Finder())
