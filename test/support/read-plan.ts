/** How a statement read one table, over all loops. */
export interface Scan {
  /** For example `Index Scan`. */
  readonly node: string;
  /** A partition has its own name. */
  readonly table: string;
  /** Rows that the scan read: those that it returned and those that it filtered out. */
  readonly rows: number;
  /** How often the scan ran. */
  readonly loops: number;
}

/** What a statement read. */
export interface Plan {
  readonly scans: readonly Scan[];
  /** Of tables and indexes, in total. */
  readonly blocks: number;
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

interface Answer {
  readonly rows: readonly { readonly 'QUERY PLAN': readonly { readonly Plan: Node }[] }[];
}

/** Reads the answer to `explain (analyze, buffers, format json)`. */
export function readPlan(answer: unknown): Plan {
  const [root] = (answer as Answer).rows.flatMap((row) => row['QUERY PLAN']);
  if (root === undefined) throw new Error('no plan');
  const { Plan: top } = root;
  return {
    scans: nodesOf(top).flatMap(scanOf),
    blocks: top['Shared Hit Blocks'] + top['Shared Read Blocks'],
  };
}

function nodesOf(node: Node): readonly Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function scanOf(node: Node): readonly Scan[] {
  const table = node['Relation Name'];
  if (table === undefined || !node['Node Type'].endsWith('Scan')) return [];
  const read =
    node['Actual Rows'] +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0);
  const loops = node['Actual Loops'];
  return [{ node: node['Node Type'], table, rows: Math.ceil(read * loops), loops }];
}
