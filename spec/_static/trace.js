// SPDX-License-Identifier: MIT
// Filters of the traceability page. They hide rows and nothing else, so the page is whole without this file.
"use strict";

(function () {
  const form = document.querySelector("form.argo-filters");
  if (!form) return;
  const rows = Array.from(document.querySelectorAll("table.argo-matrix tbody tr"), (row) => ({
    row, text: row.textContent.toLowerCase(),
  }));

  function apply() {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const classes = [
      form.profile.value && "profile-" + form.profile.value,
      form.subject.value && "subject-" + form.subject.value,
      form.state.value,
    ].filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = words.every((word) => text.includes(word)) && classes.every((name) => row.classList.contains(name));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").value = shown + " of " + rows.length;
    const query = new URLSearchParams(Array.from(new FormData(form)).filter(([, value]) => value)).toString();
    history.replaceState(null, "", query ? "#?" + query : location.pathname.split("/").pop());
  }

  // A filtered view is a link: traceability.html#?profile=wildcard&state=untested
  if (location.hash.startsWith("#?")) {
    for (const [name, value] of new URLSearchParams(location.hash.slice(2))) {
      if (form.elements[name]) form.elements[name].value = value;
    }
  }
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
