"""What the tests of the installed tree share; CTest gives them the environment."""
import os
import pathlib
import shutil

from kpeptest import CC, skip

BUILD = pathlib.Path(os.environ["KPEP_BUILD"])
TREE = pathlib.Path(os.environ["KPEP_TREE"])
CMAKE = os.environ["CMAKE"]


def cxx():
    """The C++ compiler that belongs to CC, or the machine's; none is a reason to skip."""
    mate = "clang++" if "clang" in pathlib.Path(CC).name else "c++"
    return shutil.which(mate) or skip("no C++ compiler")


def compilers(*names):
    """Those of the programs that there are, each once whatever its names."""
    return sorted({os.path.realpath(shutil.which(name)) for name in names if shutil.which(name)})


def files(root):
    """All files and links below a directory, as sorted relative names."""
    root = pathlib.Path(root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def library_directory(root):
    """Where the libraries are: lib, lib64, lib/x86_64-linux-gnu, as the system has it."""
    return next(pathlib.Path(root).rglob("libkpdb.a")).parent
