/* The enrolment key is in the fragment, which browsers do not send: take it out of the address and post it. */
"use strict";

const key = window.location.hash.slice(1);
if (key) {
  window.history.replaceState(null, "", window.location.pathname);
  const form = document.getElementById("enrol");
  form.elements.link.value = key;
  form.submit();
}
