const WARNING = 'TimeoutNegativeWarning';
let isFiltered = false;

/** The process then does not print Node's TimeoutNegativeWarning, and prints every other warning. May be called again. */
export function silenceTimerWarnings(): void {
  if (isFiltered) return;
  isFiltered = true;
  const emitWarning = process.emitWarning.bind(process) as (...warning: unknown[]) => void;
  process.emitWarning = (...warning: unknown[]) => {
    if (!isTimerWarning(warning)) emitWarning(...warning);
  };
}

/** Node's forms: (text, type), (text, { type }) and (error). */
function isTimerWarning([warning, options]: readonly unknown[]): boolean {
  if (options === WARNING) return true;
  if (warning instanceof Error) return warning.name === WARNING;
  return (
    typeof options === 'object' && options !== null && 'type' in options && options.type === WARNING
  );
}
