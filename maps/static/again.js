"use strict";
// The database is gone: look every few seconds whether it is back, and then open the page that was asked for.
{
  const PAUSE_MS = 3000;
  const told = document.getElementById("looked");
  const { ready, words } = told.dataset;

  const look = async () => {
    const back = await fetch(ready, { cache: "no-store" }).then(
      (answer) => answer.ok,
      () => false, // the service is gone too: it may come back
    );
    if (back) location.reload();
    else setTimeout(look, PAUSE_MS);
    told.textContent = `${words} ${new Date().toLocaleTimeString("sv")}`;
  };
  setTimeout(look, PAUSE_MS);
}
