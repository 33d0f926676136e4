/** The samplers of OTEL_TRACES_SAMPLER; those that begin with `parentbased` ask only where nobody decided before. */
export const samplers = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
] as const;
export type SamplerName = (typeof samplers)[number];
