/**
 * The catalogue as the hot path sees it: immutable, replaced as a whole (atomic swap), serialised once.
 * Building one lives in build-snapshot.ts; nothing on the way of a call mutates or waits for it.
 */
export interface CatalogSnapshot {
  /** Grows with every swap. */
  readonly version: number;
  /** Every virtual server by id, and the catalogue of `/mcp` under {@link allToolsScope}. */
  readonly scopes: ReadonlyMap<string, CatalogScope>;
}

/** No segment of a path can spell it, so that no `/servers/{id}/mcp` reaches what is not a virtual server. */
export const allToolsScope = '/';

/** What one endpoint offers. */
export interface CatalogScope {
  readonly id: string;
  readonly name: string;
  readonly toolsByName: ReadonlyMap<string, CatalogTool>;
  /** The `tools` array of `tools/list`, already JSON, in a deterministic order. */
  readonly toolsJson: string;
}

export interface CatalogTool {
  /** Id of the row, the key of `tool_metrics`. */
  readonly id: string;
  /** As exposed: `<gateway-slug>-<tool-slug>`. */
  readonly name: string;
  /** As the upstream knows it. */
  readonly originalName: string;
  readonly gatewayId: string;
  /** The tool object for tools/list, with the exposed name and everything else as the upstream gave it. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Holder of the current snapshot: `current` is read per call, `swap` replaces it in one assignment. */
export interface CatalogRef {
  readonly current: CatalogSnapshot;
  swap(next: CatalogSnapshot): void;
}
