/**
 * What the layers of a stack have to allow so that they can be watched, and nothing more: said by `gaugeway discover` and
 * `gaugeway doctor`, and in docs/guide/stack-file.md.
 */

/** A Redis user that may read figures and names of keys, but no value of them. */
export function redisReader(user: string): string {
  return (
    `ACL SETUSER ${user} on '>PASSWORD' ~* resetchannels -@all +ping +info +dbsize +scan +ttl +pttl +type ` +
    '+memory|usage +slowlog|get +slowlog|len +latency|latest +client|list +client|setname +config|get +time +select'
  );
}

/** A location of nginx that shows nothing but its counters, and those to this machine only. */
export const nginxStatusLocation = 'location = /nginx_status { stub_status; allow 127.0.0.1; deny all; }';

/** A format of nginx's access log with the times that tell its own from those of the gateway. */
export const nginxTimedFormat = [
  `log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '`,
  `  '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '`,
  `  'uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"';`,
] as const;
