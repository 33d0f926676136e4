/** A configuration of nginx before one gateway: `stub_status` at `/nginx_status`, and an access log that tells the times. */
export function nginxSite(site: {
  port: number;
  gatewayPort: number;
  accessLog: string;
  errorLog: string;
}): string {
  return `daemon off;
worker_processes 1;
pid nginx.pid;
error_log ${site.errorLog} warn;
events { worker_connections 2048; }
http {
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '
    'uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"';
  access_log ${site.accessLog} timed;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream gateway {
    server 127.0.0.1:${site.gatewayPort};
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${site.port};
    location = /nginx_status {
      stub_status;
      access_log off;
    }
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host:$server_port;
      proxy_buffering off;
      proxy_read_timeout 300s;
    }
  }
}
`;
}
