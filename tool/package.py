"""Makes packages out of built extensions; "make npm" and its like call it.

    python3 package.py npm VERSION FOLDER LIBRARY...
        writes FOLDER, from which "npm pack" makes the package. It has the
        extension for each platform, in lib/PLATFORM-CPU as Node names them.
    python3 package.py wheel VERSION FOLDER LIBRARY...
        writes a Python wheel into FOLDER for each platform.
    python3 package.py sqlpkg VERSION FOLDER LIBRARY...
        writes an archive into FOLDER for each platform, their checksums.txt,
        and sqlpkg.json, which names them.

LIBRARY is surrogate.so, .dll or .dylib; tool/binary.py finds out what it is
for. What else goes in is in tool/npm, tool/wheel and sqlpkg.json. The same
files give the same bytes. Prints what it wrote. Needs Python 3.7 alone.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import zipfile

sys.dont_write_bytecode = True
import binary  # noqa: E402

TOOL = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(TOOL)
SUFFIXES = {"linux": ".so", "windows": ".dll", "darwin": ".dylib"}

# What a system has itself: PEP 600 for Linux, whose names end in versions.
LINUX_HAS = ("libc.so.", "libm.so.", "libdl.so.", "librt.so.", "libpthread.so.",
             "libgcc_s.so.", "ld-linux")
DARWIN_HAS = ("/usr/lib/", "/System/")


def read_text(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def write_bytes(data, *path):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def write_json(value, *path):
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return write_bytes(text.encode(), *path)


def foreign_needs(library):
    """The libraries it needs that a system may lack."""
    has = {"linux": LINUX_HAS, "darwin": DARWIN_HAS}.get(library.system, ())
    return [name for name in library.needs if not name.startswith(has)
            and os.path.basename(name) != os.path.basename(library.path)]


def file_name(library):
    return "surrogate" + SUFFIXES[library.system]


# ---- npm --------------------------------------------------------------------

NODE_SYSTEMS = {"windows": "win32"}
NODE_CPUS = {"x86_64": "x64", "aarch64": "arm64", "ppc64le": "ppc64"}


def make_npm(version, folder, libraries):
    shutil.rmtree(folder, ignore_errors=True)
    source = os.path.join(TOOL, "npm")
    for name in sorted(os.listdir(source)):
        write_bytes(read_bytes(source, name), folder, name)
    write_bytes(read_bytes(TOP, "LICENSE"), folder, "LICENSE")
    systems, cpus = set(), set()
    for library in libraries:
        system = NODE_SYSTEMS.get(library.system, library.system)
        systems.add(system)
        for cpu in library.cpus:
            cpu = NODE_CPUS.get(cpu, cpu)
            cpus.add(cpu)
            write_bytes(read_bytes(library.path), folder, "lib",
                        f"{system}-{cpu}", file_name(library))
    package = json.loads(read_text(source, "package.json"))
    package.update(version=version, os=sorted(systems), cpu=sorted(cpus))
    # npm takes a libc for no match wherever a system has none to name.
    if systems == {"linux"} and all(library.glibc for library in libraries):
        package["libc"] = ["glibc"]
    write_json(package, folder, "package.json")
    return [folder]


# ---- Python -----------------------------------------------------------------

WINDOWS_TAGS = {"x86_64": "win_amd64", "aarch64": "win_arm64"}
OLDEST_MANYLINUX = (2, 17)

METADATA = """\
Metadata-Version: 2.1
Name: sqlite-surrogate
Version: {version}
Summary: Surrogate keys for SQLite: IDs, sequences and tables with keys
License: MIT
License-File: LICENSE
Keywords: sqlite,uuid,ulid,snowflake,sequence,nextval
Requires-Python: >=3.7
Description-Content-Type: text/markdown

{description}"""

ENTRY_POINTS = """\
[datasette]
surrogate = sqlite_surrogate.datasette_plugin

[sqlite_utils]
surrogate = sqlite_surrogate.sqlite_utils_plugin
"""


def platform_tag(library):
    """The platform as wheels name it. A Linux that has glibc of that version,
    or this very Linux if the extension needs more than that."""
    cpu = library.cpus[0]
    if library.system == "windows":
        return WINDOWS_TAGS[cpu]
    if library.system == "darwin":
        name = {"aarch64": "arm64"}.get(cpu, cpu)
        return "macosx_{}_{}_{}".format(
            *library.macos, "universal2" if len(library.cpus) > 1 else name)
    if library.glibc is None or foreign_needs(library):
        return f"linux_{cpu}"
    major, minor = max(library.glibc, OLDEST_MANYLINUX)
    return f"manylinux_{major}_{minor}_{cpu}"


def make_wheel(version, folder, library):
    tag = f"py3-none-{platform_tag(library)}"
    source = os.path.join(TOOL, "wheel")
    package = "sqlite_surrogate"
    info = f"{package}-{version}.dist-info"
    files = {}
    for name in sorted(os.listdir(os.path.join(source, package))):
        if not name.startswith("__pycache__"):
            files[f"{package}/{name}"] = read_bytes(source, package, name)
    files[f"{package}/_version.py"] = f'VERSION = "{version}"\n'.encode()
    files[f"{package}/{file_name(library)}"] = read_bytes(library.path)
    files[f"{info}/METADATA"] = METADATA.format(
        version=version, description=read_text(source, "README.md")).encode()
    files[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: surrogate ({})\n"
        "Root-Is-Purelib: false\nTag: {}\n".format(version, tag)).encode()
    files[f"{info}/entry_points.txt"] = ENTRY_POINTS.encode()
    files[f"{info}/LICENSE"] = read_bytes(TOP, "LICENSE")
    record = "".join(
        "{},sha256={},{}\n".format(
            name, base64.urlsafe_b64encode(hashlib.sha256(data).digest())
            .rstrip(b"=").decode(), len(data))
        for name, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return write_bytes(out.getvalue(), folder,
                       f"{package}-{version}-{tag}.whl")


# ---- sqlpkg -----------------------------------------------------------------

GO_CPUS = {"x86_64": "amd64", "aarch64": "arm64"}


def make_archive(files):
    """A tar.gz of files without folders, all of one time and owner."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as zipped, \
            tarfile.open(fileobj=zipped, mode="w",
                         format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def make_sqlpkg(version, folder, libraries):
    shutil.rmtree(folder, ignore_errors=True)
    spec = json.loads(read_text(TOP, "sqlpkg.json"))
    named = spec["assets"]["files"]
    written, files, checksums = [], {}, []
    for library in libraries:
        archive = make_archive([
            ("LICENSE", read_bytes(TOP, "LICENSE")),
            (file_name(library), read_bytes(library.path))])
        for cpu in library.cpus:
            platform = f"{library.system}-{GO_CPUS.get(cpu, cpu)}"
            if platform not in named:
                sys.exit(f"package.py: sqlpkg.json names no file for {platform}")
            files[platform] = named[platform]
            name = named[platform].replace("{version}", version)
            written.append(write_bytes(archive, folder, name))
            checksums.append(f"{hashlib.sha256(archive).hexdigest()}  {name}\n")
    spec["version"] = version
    spec["assets"]["files"] = files
    written.append(write_bytes("".join(sorted(checksums)).encode(), folder,
                               "checksums.txt"))
    written.append(write_json(spec, folder, "sqlpkg.json"))
    return written


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("npm", "wheel", "sqlpkg"):
        sys.exit("usage: package.py npm|wheel|sqlpkg VERSION FOLDER LIBRARY...")
    kind, version, folder, *paths = sys.argv[1:]
    try:
        libraries = [binary.read(path) for path in paths]
    except (OSError, binary.NotALibrary) as error:
        sys.exit(f"package.py: {error}")
    seen = {}
    for library in libraries:
        for platform in [(library.system, cpu) for cpu in library.cpus]:
            if platform in seen:
                sys.exit("package.py: {} and {} are both for {} on {}".format(
                    seen[platform], library.path, *platform))
            seen[platform] = library.path
    for library in libraries:
        if foreign_needs(library):
            print("package.py: note: {} works only where there is {}".format(
                library.path, ", ".join(foreign_needs(library))),
                file=sys.stderr)
    if kind == "npm":
        written = make_npm(version, folder, libraries)
    elif kind == "wheel":
        written = [make_wheel(version, folder, library)
                   for library in libraries]
    else:
        written = make_sqlpkg(version, folder, libraries)
    print("\n".join(written))


if __name__ == "__main__":
    main()
