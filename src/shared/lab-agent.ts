/** How every HTTP request of the lab that watches calls itself, so that logs of what is watched can leave it out. */
export const labUserAgent = 'gaugeway-lab';

/** The header of such a request. */
export const labAgentHeader = { 'user-agent': labUserAgent } as const;
