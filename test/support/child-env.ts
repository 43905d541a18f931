/**
 * The part of this environment that each process started by tests gets: the path of programs, and the compile cache
 * of Node, which halves the processor time of a start.
 *
 * @param copy - the folder of a copy of the sources, if it runs one: compiled code of a copy is not kept
 */
export function childEnv(copy?: string): Readonly<Record<string, string>> {
  const names = ['PATH', ...(copy === undefined ? ['NODE_COMPILE_CACHE'] : [])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
