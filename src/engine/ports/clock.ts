/** This machine's clock and chance, so that decisions can be tested. */
export type Clock = {
  nowMs(): number;
  /** In [0, 1). */
  random(): number;
};
