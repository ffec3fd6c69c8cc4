"use strict";
// How large things have to be to be read from where somebody sits.
//
// What an eye sees of a letter is the angle it fills: a height of h at a distance of d fills a = 2 atan(h / 2d). ISO 9241-303
// asks for capitals of 16 minutes of arc at least and finds 20 to 22 comfortable; ISO 11064-4 says the same of screens that
// a control room shares. Here figures, digits as high as capitals, have 16' wherever they stand, headings 22', the figure
// that leads 40'. Of the type's size (an em) a capital of Noto Sans CJK SC is 0.733 (its OS/2 table), a Chinese character
// about 0.88: so Chinese text has 19' where digits have 16'.
{
  const CAPITAL = 0.733;
  const ARCMIN = Math.PI / 180 / 60;
  const SIZES = { small: 16, text: 16, heading: 22, display: 40 };
  const DISTANCE_M = 3;
  const SCREEN_MM = 1217.6; // how wide a screen of 55 inches is, 16 to 9
  const WIDEST_PX = 3840; // wider ones are several screens of 1080 lines side by side
  const PANEL_PITCH_MM = SCREEN_MM / 1920;

  /** The size of type, in pixels, whose capitals fill so many minutes of arc. */
  everycell.typeSize = (arcmin, { distance_m, mm_per_px }) =>
    (2 * distance_m * 1000 * Math.tan((arcmin * ARCMIN) / 2)) / mm_per_px / CAPITAL;

  /** How large a pixel is where nobody has said it: as on a screen of 55 inches. */
  everycell.usualPitch = (width_px) => (width_px > WIDEST_PX ? PANEL_PITCH_MM : SCREEN_MM / width_px);

  /**
   * Make the page readable from `distance_m` metres on pixels of `mm_per_px` millimetres (pixels as the browser counts
   * them: a display that is scaled has larger ones than its data sheet says); null: three metres, a screen of 55 inches.
   * Sets --small-px, --text-px, --heading-px and --display-px; with a `theme`, "dark" or "light", that too. Returns the
   * sizes in pixels.
   */
  everycell.room = ({ distance_m = null, mm_per_px = null, theme = null } = {}) => {
    const root = document.documentElement;
    const seen = { distance_m: distance_m ?? DISTANCE_M, mm_per_px: mm_per_px ?? everycell.usualPitch(screen.width) };
    const sizes = {};
    for (const [name, arcmin] of Object.entries(SIZES)) {
      sizes[name] = everycell.typeSize(arcmin, seen);
      root.style.setProperty(`--${name}-px`, `${sizes[name].toFixed(2)}px`);
    }
    if (theme) root.dataset.theme = everycell.theme = theme;
    return sizes;
  };
}
