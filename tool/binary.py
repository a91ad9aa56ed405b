"""Tells what a shared library was built for, from its own headers.

    import binary
    library = binary.read("surrogate.so")
    library.system      "linux", "windows" or "darwin" (macOS)
    library.cpus        ["x86_64"]; two of them for a universal one of macOS
    library.needs       the libraries that it is linked with, by name
    library.glibc       (2, 34): the oldest glibc it runs on; None: no glibc
    library.macos       (11, 0): the oldest macOS it runs on; None: not for it

Reads shared libraries of ELF, PE and Mach-O, of 64 bits. A package is named after what is found,
so that its name cannot promise what the library does not keep.
"""

import struct
from dataclasses import dataclass, field

ELF_CPUS = {62: "x86_64", 183: "aarch64", 243: "riscv64", 21: "ppc64le",
            22: "s390x"}
PE_CPUS = {0x8664: "x86_64", 0xAA64: "aarch64"}
MACHO_CPUS = {0x01000007: "x86_64", 0x0100000C: "aarch64"}


class NotALibrary(Exception):
    """The file is no shared library, or of a kind that is not known here."""


@dataclass
class Library:
    path: str
    system: str
    cpus: list = field(default_factory=list)
    needs: list = field(default_factory=list)
    glibc: tuple = None
    macos: tuple = None


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    try:
        if data[:4] == b"\x7fELF":
            return read_elf(path, data)
        if data[:2] == b"MZ":
            return read_pe(path, data)
        if data[:4] in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
            return read_macho(path, data)
    except (struct.error, KeyError, ValueError):
        raise NotALibrary(f"{path}: not a shared library of 64 bits for a"
                          " processor that is known here") from None
    raise NotALibrary(f"{path}: neither ELF nor PE nor Mach-O")


def text_at(data, offset):
    return data[offset:data.index(b"\0", offset)].decode()


# ELF: the dynamic section names the libraries that are needed, and the version
# needs name the releases of glibc that brought the functions that are called.
SHARED_OBJECT, INTERPRETER = 3, 3
DYNAMIC, VERSION_NEEDS, NEEDED = 6, 0x6FFFFFFE, 1


def read_elf(path, data):
    if data[4] != 2:
        raise ValueError("32 bits")
    order = "<" if data[5] == 1 else ">"
    kind, cpu = struct.unpack_from(order + "HH", data, 16)
    headers, offset = struct.unpack_from(order + "QQ", data, 32)
    header_size, n_header, size, count = struct.unpack_from(order + "4H", data,
                                                            54)
    segments = [struct.unpack_from(order + "I", data, headers + i * header_size)
                for i in range(n_header)]
    if kind != SHARED_OBJECT or (INTERPRETER,) in segments:
        raise ValueError("a program or an object file")
    library = Library(path, "linux", [ELF_CPUS[cpu]])
    # name, type, flags, address, offset, size, link, ...
    sections = [struct.unpack_from(order + "IIQQQQII", data, offset + i * size)
                for i in range(count)]
    for section in sections:
        strings = sections[section[6]][4] if section[6] < count else 0
        if section[1] == DYNAMIC:
            for at in range(section[4], section[4] + section[5], 16):
                tag, value = struct.unpack_from(order + "QQ", data, at)
                if tag == NEEDED:
                    library.needs.append(text_at(data, strings + value))
        elif section[1] == VERSION_NEEDS:
            library.glibc = elf_glibc(data, order, section[4], strings)
    return library


def elf_glibc(data, order, at, strings):
    newest = None
    while True:
        _, count, _, first, next_need = struct.unpack_from(order + "HHIII",
                                                           data, at)
        version = at + first
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from(order + "IHHII", data,
                                                     version)
            text = text_at(data, strings + name)
            if text.startswith("GLIBC_") and text[6].isdigit():
                number = tuple(int(part) for part in text[6:].split("."))[:2]
                newest = max(newest or number, number)
            version += step
        if next_need == 0:
            return newest
        at += next_need


IS_DLL = 0x2000


def read_pe(path, data):
    at, = struct.unpack_from("<I", data, 0x3C)
    if data[at:at + 4] != b"PE\0\0":
        raise ValueError("no PE")
    cpu, = struct.unpack_from("<H", data, at + 4)
    flags, = struct.unpack_from("<H", data, at + 22)
    if not flags & IS_DLL:
        raise ValueError("a program")
    return Library(path, "windows", [PE_CPUS[cpu]])


# Mach-O: one image for a processor, or a table of several.
DYLIB, BUNDLE = 6, 8
LOAD_DYLIB, VERSION_MIN, BUILD_VERSION = 0x0C, 0x24, 0x32


def read_macho(path, data):
    library = Library(path, "darwin")
    starts = [0]
    if data[:4] == b"\xca\xfe\xba\xbe":
        count, = struct.unpack_from(">I", data, 4)
        starts = [struct.unpack_from(">5I", data, 8 + 20 * i)[2]
                  for i in range(count)]
    for start in starts:
        _, cpu, _, kind, commands = struct.unpack_from("<5I", data, start)
        if kind not in (DYLIB, BUNDLE):
            raise ValueError("a program or an object file")
        library.cpus.append(MACHO_CPUS[cpu])
        at = start + 32
        for _ in range(commands):
            command, size = struct.unpack_from("<II", data, at)
            if command in (VERSION_MIN, BUILD_VERSION):
                minimum, = struct.unpack_from(
                    "<I", data, at + (8 if command == VERSION_MIN else 12))
                version = (minimum >> 16, minimum >> 8 & 0xFF)
                library.macos = max(library.macos or version, version)
            elif command == LOAD_DYLIB:
                name, = struct.unpack_from("<I", data, at + 8)
                library.needs.append(text_at(data, at + name))
            at += size
    return library
