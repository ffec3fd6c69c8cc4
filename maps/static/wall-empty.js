"use strict";
// A wall that was opened before there was anything to show: nobody may sit there to open it again.
{
  const LOOK_MS = 60000;

  /** Look every minute whether cells have been imported, and open the page anew then. `source`: everycell.WallSource. */
  everycell.awaitCells = (source) => {
    const look = async () => {
      const found = await source.hasCells().catch(() => false); // the service may be gone for a while
      if (found) location.reload();
    };
    setInterval(look, LOOK_MS);
  };
}
