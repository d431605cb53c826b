/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files embedded in argo-conformance; assets.cpp gives them their names. Found by the include path. */

    .section .rodata

.macro asset name, file
    .global argo_asset_\name, argo_asset_\name\()_end
argo_asset_\name:
    .incbin "\file"
argo_asset_\name\()_end:
    .byte 0
.endm

    asset requirements, "requirements.json"
    asset facts, "facts.json"
    asset policy, "policy.toml"
    asset results_schema, "results.schema.json"
    asset mutants_schema, "mutants.schema.json"
    asset bench_schema, "bench.schema.json"
    asset report_html, "report.html"
    asset report_css, "report.css"
    asset report_js, "report.js"

    .section .note.GNU-stack, "", %progbits
