/** `file:` URLs become paths; everything else (`node:fs`, `https://…`) stays as it is. */
export function pathFromUrl(url: string): string {
  if (!url.startsWith('file://')) return url;
  const path = URL.canParse(url) ? new URL(url).pathname : url.slice('file://'.length);
  const drive = /^\/[A-Za-z]:\//.test(path) ? path.slice(1) : path;
  try {
    return decodeURIComponent(drive);
  } catch (error) {
    // Not encoded, or not in UTF-8: then the name is what was written.
    if (error instanceof URIError) return drive;
    throw error;
  }
}

/** Back again: paths become `file:` URLs, everything else stays as it is. */
export function urlOfFile(file: string): string {
  return file.startsWith('/') ? `file://${encodeURI(file)}` : file;
}
