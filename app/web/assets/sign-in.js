// A link /sign-in#rs_… signs in by itself; the key leaves the address and the history first.
"use strict";

function useLink() {
  const given = decodeURIComponent(location.hash.slice(1));
  if (!given) return;
  history.replaceState(null, "", location.pathname);
  document.getElementById("key").value = given;
  document.querySelector("form").submit();
}

addEventListener("hashchange", useLink);
useLink();
