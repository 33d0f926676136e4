import type { Upstream } from './upstream.ts';

/** The live upstreams by the id of their gateway record. The hot path only calls {@link get}. */
export class UpstreamRegistry {
  readonly #upstreams = new Map<string, Upstream>();

  get(gatewayId: string): Upstream | undefined {
    return this.#upstreams.get(gatewayId);
  }

  /** Adds an upstream. One that had the same id must have been removed before. */
  set(gatewayId: string, upstream: Upstream): void {
    this.#upstreams.set(gatewayId, upstream);
  }

  /** Takes the upstream out at once, so that no new call finds it, then closes it. Unknown ids are ignored. */
  async remove(gatewayId: string): Promise<void> {
    const upstream = this.#upstreams.get(gatewayId);
    this.#upstreams.delete(gatewayId);
    await upstream?.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#upstreams.keys()].map((id) => this.remove(id)));
  }
}
