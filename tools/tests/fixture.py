# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A small registry that is right, and a test case that breaks it in one place and looks at what is said."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import registry
from registry_model import Registry
from registry_source import RegistryError

REGISTRY = """\
abi:
  name: Argo ABI
  major: 1
  minor: 0
  license: MIT

areas:
  - {name: discovery, brief: Finding it.}
  - {name: call,  brief: "How a call is made, and its errors."}
  - {name: address, brief: Who and whom.}
  - {name: query, brief: Who am I.}
  - {name: sendv, brief: Sending.}
  - {name: vector, brief: Hearing of events.}

errors:
  EPERM:  {number: 1,  brief: Refused.}
  ESRCH:  {number: 3,  brief: No such domain., major0: true}
  EINVAL: {number: 22, brief: An argument is out of its range.}

entry:
  - {error: EPERM, when: the call comes from user mode, req: ARGO-CALL-101}

operations:
  query:
    number: 0
    since: "1.0"
    area: query
    brief: Tell the caller what it is.
    arguments:
      - {name: info, type: gpa<argo_info>, brief: Where the answer goes.}
    returns: Zero.
    errors: []
  sendv:
    number: 3
    since: "1.0"
    area: sendv
    brief: Send.
    arguments:
      - {name: iovs,  type: "gpa<argo_iov[count]>", brief: The pieces.}
      - {name: count, type: u64,                    brief: How many.}
    returns: Payload bytes.
    errors:
      - {error: EINVAL, when: count is too large,  req: ARGO-SENDV-101}
      - {error: EINVAL, when: a flag is not known, req: ARGO-SENDV-102}
  send_batch: {number: 0x21, since: "1.0", status: draft, feature: BATCH, brief: Send more.}

structures:
  argo_addr:
    area: call
    size: 8
    brief: One end.
    fields:
      - {offset: 0, name: port,     type: u32, brief: port}
      - {offset: 4, name: domid,    type: u16, brief: domain}
      - {offset: 6, name: reserved, type: u16, brief: zero}
  argo_frame:
    area: call
    size: 64
    align: 64
    brief: A call.
    fields:
      - {offset: 0,  name: op,     type: u64,      brief: operation}
      - {offset: 8,  name: arg,    type: "u64[6]", brief: arguments}
      - {offset: 56, name: result, type: s64,      brief: result}
  argo_info:
    area: query
    size: 8
    brief: The answer.
    fields:
      - {offset: 0, name: reserved,  type: u32, brief: zero}
      - {offset: 4, name: max_batch, type: u32, brief: messages of one batch}
  argo_iov:
    area: sendv
    size: 24
    brief: A piece.
    fields:
      - {offset: 0,  name: base,  type: u64,       brief: address}
      - {offset: 8,  name: owner, type: argo_addr, brief: whose}
      - {offset: 16, name: flags, type: u32,       brief: ARGO_IOV_*}
      - {offset: 20, name: space, type: u32,       brief: zero}
      - {offset: 24, name: data,  type: "u8[]",    brief: what follows}

constants:
  - {name: SLOT,    area: sendv, value: 16,           brief: Bytes of a slot.}
  - {name: MINIMUM, area: sendv, value: 2 * SLOT + 1, brief: Least length.}

limits:
  - {name: max_batch, minimum: 0, brief: messages of one batch, feature: BATCH}

flags:
  - group: IOV
    area: sendv
    type: u32
    brief: Flags of a piece.
    bits:
      - {name: LIST, bit: 0, brief: A list of frames.}
    fields:
      - {name: OFFSET, low: 20, high: 31, brief: Offset into the first frame.}

features:
  - {name: BATCH, bit: 6,  status: draft, brief: Operation send_batch.}
  - {name: LAST,  bit: 63, brief: The last bit.}

bindings:
  - {name: NONE,  number: 0, brief: Drop it.}
  - {name: LAPIC, number: 1, brief: An interrupt.}

mechanisms:
  - name: MSR
    number: 1
    revision: 1
    arch: x86
    brief: WRMSR of the frame's address.
    parameters:
      - {register: ebx, name: index, brief: the MSR}
      - {register: ecx, name: spare, brief: zero}

cpuid:
  signature: ArgoArgoArgo
  first: 0x40000000
  step: 0x100
  last: 0x4000ff00
  leaves:
    - {leaf: 0, name: BASE,     brief: last leaf}
    - {leaf: 1, name: REVISION, brief: revision}

implementations:
  - {name: MODEL, number: 1, brief: The engine.}

domids:
  - {name: WILDCARD, number: 0x7ff4, brief: Any domain.}

ports:
  - {name: SUITE, number: 0x4152ff00, brief: Tests.}
"""


def line_of(text: str, part: str) -> int:
    """The line in which `part`, which must be there once, begins."""
    if text.count(part) != 1:
        raise ValueError(f"'{part}' is in the text {text.count(part)} times")
    return text.count("\n", 0, text.index(part)) + 1


def was_at(part: str) -> int:
    """The line of `part` in the registry as it is before it is broken."""
    return line_of(REGISTRY, part)


def load(text: str | bytes) -> Registry:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "argo.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return registry.load(path)


class RegistryCase(unittest.TestCase):
    """Tests of refusals."""

    maxDiff = None

    def message(self, text: str | bytes) -> str:
        """What is said of a registry that is wrong."""
        with self.assertRaises(RegistryError) as caught:
            load(text)
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)

    def refused(self, old: str, new: str, sentence: str, at: str | None = None) -> None:
        """With `new` for `old`, the file is refused with just this sentence, at the line of `at` (`new`)."""
        was_at(old)  # is there once
        text = REGISTRY.replace(old, new)
        self.assertEqual(self.message(text), f"argo.yaml:{line_of(text, at or new)}: {sentence}")
