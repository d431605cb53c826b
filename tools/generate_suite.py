# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the conformance suite takes from the registry: the rows of errors. The page itself is templates/error_rows.h.j2."""

from __future__ import annotations

import c_text
from registry_model import Registry


def error_rows(registry: Registry) -> str:
    operations = [("entry", registry.entry)]
    operations += [(each.name, each.errors) for each in registry.operations.values() if each.errors]
    return c_text.environment().get_template("error_rows.h.j2").render(operations=operations)
