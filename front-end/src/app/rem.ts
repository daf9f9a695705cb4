/** Pixels of a rem: very large screens have larger ones. */
export const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
