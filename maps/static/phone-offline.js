"use strict";
// The page without a network: a service worker keeps it. Browsers have one on https and on this machine only.
{
  const tell = async (message) => {
    const ready = await navigator.serviceWorker.ready;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      ready.active.postMessage(message, [port2]);
    });
  };

  const page = () => location.origin + location.pathname;

  let kept = null;

  /** Keep this page for times without a network; once, as long as it goes well. `data-offline` tells that it is. */
  everycell.keepOffline = () => {
    if (!("serviceWorker" in navigator) || !navigator.onLine) return;
    const { base } = everycell.config;
    kept ??= navigator.serviceWorker
      .register(`${base}/p/worker.js`, { scope: `${base}/p/`, updateViaCache: "none" })
      .then(() => tell({ keep: page() }))
      .then((answer) => {
        if (answer !== "done") throw new Error(answer);
        document.documentElement.dataset.offline = "yes";
      })
      .catch(() => {
        kept = null; // the next route that comes tries again
      });
  };

  /** Keep it no longer. */
  everycell.forgetOffline = () => {
    if ("serviceWorker" in navigator && navigator.serviceWorker.controller) tell({ forget: page() });
  };
}
