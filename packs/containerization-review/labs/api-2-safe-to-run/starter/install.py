"""Installs the packages that requirements.txt names, from the folder packages, for Python to find them.

    python install.py            into Python's own folder for packages
    python install.py FOLDER     into this folder

It stands in for `pip install -r requirements.txt` where there is no network. As pip does, it keeps what it unpacked
for a next time: some 8 MiB in /var/cache/install.
"""

import compileall
import shutil
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path("/var/cache/install")
CACHE_BYTES = 8 * 1024 * 1024

target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(sysconfig.get_path("purelib"))
names = (HERE / "requirements.txt").read_text(encoding="utf-8").split()
CACHE.mkdir(parents=True, exist_ok=True)
for name in names:
    if not (HERE / "packages" / name).is_dir():
        sys.exit(f"There is no package {name} in {HERE / 'packages'}. Was the folder copied?")
    shutil.copytree(HERE / "packages" / name, target / name, dirs_exist_ok=True)
    compileall.compile_dir(target / name, quiet=1)
    (CACHE / f"{name}.cache").write_bytes(bytes(CACHE_BYTES))
    print(f"Installed {name} in {target}")
