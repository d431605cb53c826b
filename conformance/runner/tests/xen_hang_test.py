#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A Xen that hangs is WEDGED, never a success, and costs one case.

Stopped: the emulated machine is halted from outside in the middle of a case; for the runner that is the same, and takes no
build. Planted, for ./argo test --full: a Xen whose sendv never returns, interrupts off. Skipped where Xen cannot be built."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import xen_beside

STOPPING = f'''#!/usr/bin/python3
import os, signal, subprocess, sys
real = subprocess.Popen([{str(xen_beside.XEN / "stage.py")!r}, *sys.argv[1:]], stdout=subprocess.PIPE)
for line in real.stdout:
    if b" ask kill " in line: # the case waits for that
        for child in open(f"/proc/{{real.pid}}/task/{{real.pid}}/children").read().split():
            os.kill(int(child), signal.SIGSTOP)
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
sys.exit(real.wait())
'''

# A type that one case sends, and the harness never.
PLANT = '''--- a/xen/common/argo.c
+++ b/xen/common/argo.c
@@ -1973,2 +1973,9 @@ sendv(struct domain *src_d, xen_argo_addr_t *src_addr,
+    if ( message_type == 0xa5c3f00dU )
+    {
+        local_irq_disable();
+        for ( ; ; )
+            cpu_relax();
+    }
+
     /* Check padding is zeroed. */
     if ( unlikely(src_addr->pad || dst_addr->pad) )
'''


class Hang(unittest.TestCase):
    def wedged(self, cases: list[str], build: str, stage: str | None = None) -> None:
        with tempfile.TemporaryDirectory() as out:
            code, results, said = xen_beside.run(Path(out), build, ",".join(cases), stage=stage)
        self.assertEqual(code, 1, said)
        self.assertEqual({case: found["verdict"] for case, found in results.items()},
                         {case: "PASS" if case != cases[0] else "WEDGED" for case in cases}, said)


class Stopped(Hang):
    def test_a_machine_that_stands_still(self):
        cases = ["lifecycle.a_wildcard_ring_outlives_its_senders", "unregister.there_must_be_a_ring"]
        self.wedged(cases, f'#!/bin/sh\nexec "{xen_beside.XEN}/build.sh" "$@"\n', STOPPING)


class Planted(Hang):
    def test_a_call_that_never_returns(self):
        with tempfile.TemporaryDirectory() as folder:
            xen = Path(folder, "xen")
            shutil.copytree(xen_beside.XEN, xen)
            (xen / "patches/plant.patch").write_text(PLANT)
            (xen / "patches/series").write_text("plant.patch\n")
            self.wedged(["sendv.the_type_is_opaque"], f'#!/bin/sh\nshift\nexec "{xen}/build.sh" --patched "$@"\n')


if __name__ == "__main__":
    kind = sys.argv.pop(1).title()
    built = subprocess.run([xen_beside.XEN / "build.sh"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if built.returncode == 4:
        print("skipped: Xen cannot be built here, see above")
        sys.exit(77)
    if built.returncode != 0:
        sys.exit("Xen was not built")
    unittest.main(defaultTest=kind)
