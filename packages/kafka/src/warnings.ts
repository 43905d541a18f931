const WARNING = 'TimeoutNegativeWarning';
let isFiltered = false;

/**
 * From now on the process does not print Node's TimeoutNegativeWarning: kafkajs 2.2.4 sets timers into the past all
 * the time, which is harmless. Every other warning is printed as before. May be called again.
 */
export function silenceTimerWarnings(): void {
  if (isFiltered) return;
  isFiltered = true;
  const emitWarning = process.emitWarning.bind(process) as (...warning: unknown[]) => void;
  process.emitWarning = (...warning: unknown[]) => {
    if (!isTimerWarning(warning)) emitWarning(...warning);
  };
}

/** Node's forms: (text, type), (text, { type }) and (error). */
function isTimerWarning([what, options]: readonly unknown[]): boolean {
  if (options === WARNING) return true;
  if (what instanceof Error) return what.name === WARNING;
  return (
    typeof options === 'object' && options !== null && 'type' in options && options.type === WARNING
  );
}
